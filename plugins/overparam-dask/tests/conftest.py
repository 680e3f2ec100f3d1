"""Let interrupts reach the processes that tests start, even if SIGINT is ignored, as under nohup."""

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
