# needs: watchdog
# faulty: watchdog
"""A folder is watched; the faulty twin never stops the observer."""

import sys
import tempfile
import threading
from pathlib import Path

from watchdog.events import FileSystemEventHandler
from watchdog.observers import Observer

FAULTY = sys.argv[1:] == ["faulty"]
seen = threading.Event()


class Note(FileSystemEventHandler):
    def on_created(self, event) -> None:
        seen.set()


with tempfile.TemporaryDirectory() as folder:
    observer = Observer()
    observer.schedule(Note(), folder)
    observer.start()
    Path(folder, "new").write_text("new")
    print(seen.wait(5))
    if not FAULTY:
        observer.stop()
        observer.join()
