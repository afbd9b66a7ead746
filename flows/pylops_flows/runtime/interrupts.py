"""What a signal to end becomes."""


class Interrupted(BaseException):
    """SIGTERM: not an error, and nothing may catch it as one."""
