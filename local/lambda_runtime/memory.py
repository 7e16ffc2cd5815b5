"""How much memory a child has used, where the system tells (Linux's /proc; elsewhere nothing is enforced)."""

import re
from pathlib import Path

_HIGH_WATER_MARK = re.compile(r"VmHWM:\s+(\d+) kB")


def peak_memory_mb(process_id: int) -> int:
    """The most resident memory the process ever had, in MiB; 0 when unknown.

    Resident memory is what Lambda counts. (RLIMIT_AS and RLIMIT_DATA count what was only reserved, thread stacks for
    one, and answer with a MemoryError that the function could catch; Lambda kills.)
    """
    try:
        status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    found = _HIGH_WATER_MARK.search(status)
    return int(found[1]) // 1024 if found else 0
