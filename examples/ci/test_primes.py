from primes import primes_below

import htmap


def test_the_pool_counts_primes(htmap_dir):
    assert list(htmap.map(primes_below, [10, 100, 1000])) == [4, 25, 168]
