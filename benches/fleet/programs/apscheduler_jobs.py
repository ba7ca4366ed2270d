# needs: apscheduler
# faulty: apscheduler|BackgroundScheduler|executor|scheduler
"""A background scheduler with an interval job; the faulty twin never shuts it down."""

import sys
import threading

from apscheduler.schedulers.background import BackgroundScheduler

FAULTY = sys.argv[1:] == ["faulty"]
ran = threading.Event()
scheduler = BackgroundScheduler()
scheduler.add_job(ran.set, "interval", seconds=0.5)
scheduler.start()
print(ran.wait(5))
if not FAULTY:
    scheduler.shutdown()
