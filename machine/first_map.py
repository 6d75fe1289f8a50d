import pathlib

import htmap


def count_words(path):
    return len(path.read_text().split())


licences = sorted(p for p in pathlib.Path("/usr/share/common-licenses").iterdir() if p.is_file())
counts = htmap.map(count_words, licences)
for path, count in zip(licences, counts):
    print(f"{count:6} words in {path.name}")
