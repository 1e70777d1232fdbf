"""Numbers with their nouns and verbs: a parameter may ask for one of something, and a run may find one or none."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: "no image", "1 image", "2,000 images"; `plural` where it is not the noun with an s."""
    if not number:
        return f"no {noun}"
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def networks(number: int) -> str:
    """A number of networks in words: "one network", "5 networks"."""
    return "one network" if number == 1 else f"{number} networks"


def agreeing(number: int, singular: str = "is", plural: str = "are") -> str:
    """The verb that agrees with a number out of a whole: "1 of 5 is", "2 of 5 are", "0 of 5 are"."""
    return singular if number == 1 else plural
