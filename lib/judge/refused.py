"""What is said where a network, its weights or its data are not judged."""


class Refused(ValueError):
    """A number would be a lie, or there would be none; the message gives the reason, and what to do."""
