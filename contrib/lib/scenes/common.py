"""What several scenes share."""

ROWS = 10000
KEY = "tss-db"


def names(nodes):
    """provider 2; providers 2 and 3; providers 2, 3 and 4"""
    numbers = [str(node.number) for node in nodes]
    if len(numbers) == 1:
        return f"provider {numbers[0]}"
    return f"providers {', '.join(numbers[:-1])} and {numbers[-1]}"
