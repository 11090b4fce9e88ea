"""What an engine raises for what it does not do; the text stands in the report as it is."""


class Unavailable(Exception):
    pass
