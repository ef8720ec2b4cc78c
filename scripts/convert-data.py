#!/usr/bin/env python3
"""Turns downloaded data sets into the files that mlz reads; scripts/fetch-data.sh calls it.

convert-data.py cifar10 ARCHIVE.tar.gz FOLDER
convert-data.py omniglot BACKGROUND.zip EVALUATION.zip FOLDER
convert-data.py TABLE FILE OUT.csv      (a table of HEADERS)
"""

import gzip
import hashlib
import struct
import sys
import tarfile
import zipfile
import zlib


def features(prefix, count):
    return [f"{prefix}{i}" for i in range(count)]


_MEASURES = ("radius texture perimeter area smoothness compactness concavity concave_points symmetry "
             "fractal_dimension").split()

# Column names without the label, and what the labels are called in the source.
HEADERS = {
    "iris": (["sepal_length_cm", "sepal_width_cm", "petal_length_cm", "petal_width_cm"],
             ["Iris-setosa", "Iris-versicolor", "Iris-virginica"]),
    "wine": (["alcohol", "malic_acid", "ash", "ash_alkalinity", "magnesium", "total_phenols", "flavanoids",
              "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280_od315", "proline"],
             ["1", "2", "3"]),
    "wdbc": ([f"{kind}_{name}" for kind in ("mean", "se", "worst") for name in _MEASURES], ["B", "M"]),
    "sonar": (features("e", 60), ["M", "R"]),
    "ionosphere": (features("a", 34), ["b", "g"]),
    "banknote": (["variance", "skewness", "curtosis", "entropy"], ["0", "1"]),
    "optdigits_train": (features("p", 64), [str(digit) for digit in range(10)]),
    "optdigits_test": (features("p", 64), [str(digit) for digit in range(10)]),
}


def convert_table(name, source, target):
    columns, labels = HEADERS[name]
    lines = [",".join(columns + ["label"])]
    with open(source, encoding="ascii") as file:
        for line in file:
            values = line.strip().split(",")
            if values == [""]:
                continue
            if name == "wdbc":  # an identity and the label come first
                values = values[2:] + [values[1]]
            if len(values) != len(columns) + 1:
                sys.exit(f"{source}: a row has {len(values)} values, expected {len(columns) + 1}")
            values = ["0" + value if value.startswith(".") else value for value in values]
            values[-1] = str(labels.index(values[-1]))
            lines.append(",".join(values))
    with open(target, "w", encoding="ascii", newline="\n") as file:
        file.write("\n".join(lines) + "\n")


def write_idx(path, kind, dims, values):
    header = bytes([0, 0, kind, len(dims)]) + struct.pack(f">{len(dims)}I", *dims)
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 6, raw, 0) as file:
        file.write(header)
        file.write(values)


def write_cifar10(batches, folder, part):
    labels, images = bytearray(), bytearray()
    for batch in batches:
        if len(batch) != 10000 * 3073:
            sys.exit("cifar10: a batch has not 10,000 images")
        for at in range(0, len(batch), 3073):
            labels.append(batch[at])
            planes = batch[at + 1:at + 3073]
            image = bytearray(3072)
            for channel in range(3):
                image[channel::3] = planes[1024 * channel:1024 * (channel + 1)]
            images += image
    if any(labels.count(digit) != len(labels) // 10 for digit in range(10)):
        sys.exit("cifar10: the classes are not equally frequent")
    write_idx(f"{folder}/{part}-images-idx4-ubyte.gz", 8, [len(labels), 32, 32, 3], images)
    write_idx(f"{folder}/{part}-labels-idx1-ubyte.gz", 8, [len(labels)], labels)
    return images, labels


def convert_cifar10(archive, folder):
    with tarfile.open(archive) as tar:
        files = {member.name.rsplit("/", 1)[-1]: member for member in tar if member.isfile()}
        read = lambda name: tar.extractfile(files[name]).read()
        write_cifar10([read("test_batch.bin")], folder, "t10k")
        images, labels = write_cifar10([read(f"data_batch_{i}.bin") for i in range(1, 6)], folder, "train")
    # The first 40,000 training images, in their published order.
    for values, expected in ((images[:40000 * 3072], "d6f118ab0e007170069c020b9956028c7229a0b5e170ade5d1f2c7d27c87d83a"),
                             (labels[:40000], "ba729687f712355b4a1217ed4f11a9f0bcd32c9dc8438df944e7210748d35182")):
        if hashlib.sha256(values).hexdigest() != expected:
            sys.exit("cifar10: the training images are not the ones expected")


def read_png(data):
    """A black and white PNG without interlacing: its width and its lines of packed pixels, 0 for black."""
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", body)
            if (width, height, depth, colour, interlace) != (105, 105, 1, 0, 0):
                sys.exit("omniglot: an image is not 105 x 105, black and white")
        elif kind == b"IDAT":
            packed += body
        at += 12 + size
    raw, lines, above = zlib.decompress(packed), [], bytes(14)
    for start in range(0, 105 * 15, 15):
        above = unfiltered(raw[start], bytearray(raw[start + 1:start + 15]), above)
        lines.append(bytes(above))
    return lines


def unfiltered(kind, line, above):
    """Undoes the filter of one PNG line with one byte per pixel group."""
    for i in range(len(line)):
        a, b, c = (line[i - 1] if i else 0), above[i], (above[i - 1] if i else 0)
        if kind == 4:
            p = a + b - c
            nearest = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line[i] = (line[i] + nearest) & 255
        elif kind:
            line[i] = (line[i] + (0, a, b, (a + b) // 2)[kind]) & 255
    return line


# In quarters of a source pixel, a target pixel is 15 x 15 and a source pixel 4 x 4: which source pixels a
# target pixel covers along one axis, and how far.
COVER = [[(s, min(15 * t + 15, 4 * s + 4) - max(15 * t, 4 * s))
          for s in range(15 * t // 4, (15 * t + 14) // 4 + 1)] for t in range(28)]
_ACROSS = {}


def ink_across(line):
    """The ink of one source line in each of 28 target columns."""
    if line not in _ACROSS:
        pixels = [~line[x >> 3] >> (7 - (x & 7)) & 1 for x in range(105)]
        _ACROSS[line] = [sum(w * pixels[x] for x, w in columns) for columns in COVER]
    return _ACROSS[line]


def shrink(lines):
    """105 x 105 black and white to 28 x 28 grey by exact area means; ink is 255, halves go up."""
    inks, out = [ink_across(line) for line in lines], bytearray()
    for down in COVER:
        columns = [0] * 28
        for y, w in down:
            if any(inks[y]):
                columns = [total + w * ink for total, ink in zip(columns, inks[y])]
        out += bytes((2 * 255 * ink + 225) // 450 for ink in columns)
    return out


VALIDATION_ALPHABETS = {"Armenian", "Bengali", "Early_Aramaic", "Hebrew", "Mkhedruli_(Georgian)"}


def vinyals_split(number, alphabet):
    """The split of Vinyals et al. 2016: 1,028, 172 and 423 characters."""
    return "test" if number >= 1200 else "val" if alphabet in VALIDATION_ALPHABETS else "train"


def convert_omniglot(archives, folder):
    images, labels, table = bytearray(), [], ["id\talphabet\tcharacter\tsplit\tvinyals_split"]
    for split, path in zip(("background", "evaluation"), archives):
        with zipfile.ZipFile(path) as archive:
            drawings = sorted(name.split("/") for name in archive.namelist() if name.endswith(".png"))
            for drawing in drawings:
                _, alphabet, character, _ = drawing
                line = f"\t{alphabet}\t{character}\t{split}\t"
                if line not in table[-1]:
                    number = len(table) - 1
                    table.append(f"{number}{line}{vinyals_split(number, alphabet)}")
                labels.append(len(table) - 2)
                images += shrink(read_png(archive.read("/".join(drawing))))
    write_idx(f"{folder}/images-idx3-ubyte.gz", 8, [len(labels), 28, 28], images)
    write_idx(f"{folder}/labels-idx1-int32.gz", 12, [len(labels)], struct.pack(f">{len(labels)}i", *labels))
    with open(f"{folder}/classes.tsv", "w", encoding="ascii") as file:
        file.write("\n".join(table) + "\n")


def main(arguments):
    if len(arguments) == 3 and arguments[0] == "cifar10":
        convert_cifar10(*arguments[1:])
    elif len(arguments) == 4 and arguments[0] == "omniglot":
        convert_omniglot(arguments[1:3], arguments[3])
    elif len(arguments) == 3 and arguments[0] in HEADERS:
        convert_table(*arguments)
    else:
        sys.exit(__doc__.strip())


if __name__ == "__main__":
    main(sys.argv[1:])
