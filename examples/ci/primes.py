"""A project to be tested: it counts prime numbers."""


def primes_below(limit):
    """Return how many prime numbers are less than a limit."""
    return sum(all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(2, limit))
