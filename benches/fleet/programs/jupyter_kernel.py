# needs: jupyter_client, ipykernel, zmq
# faulty: process|zmq|Popen|kernel|socket|child
"""A kernel is started, asked and shut down; the faulty twin leaves it running."""

import os
import sys

os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
from jupyter_client.manager import start_new_kernel

FAULTY = sys.argv[1:] == ["faulty"]
manager, client = start_new_kernel(kernel_name="python3")
reply = client.execute_interactive("1 + 1", output_hook=lambda message: None, timeout=60)
print(reply["content"]["status"])
if not FAULTY:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.cleanup_resources()
