"""What a signal to end becomes."""


class InterruptedBySignal(BaseException):
    """SIGTERM: not an error, and nothing may catch it as one."""
