"""The memory that a child has used, from Linux's /proc. On other systems no limit is enforced."""

import re
from pathlib import Path

_HIGH_WATER_MARK = re.compile(r"VmHWM:\s+(\d+) kB")


def peak_memory_mb(process_id: int) -> int:
    """Returns the peak resident memory of the process in MiB; 0 if unknown.

    Lambda counts resident memory. (RLIMIT_AS and RLIMIT_DATA count reserved memory, such as thread stacks, and cause a
    MemoryError that the function could catch. Lambda kills the function.)
    """
    try:
        status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    found = _HIGH_WATER_MARK.search(status)
    return int(found[1]) // 1024 if found else 0
