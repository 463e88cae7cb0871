"""Self-check items of labs 01, 02 and 08: right answers derived by hand, and slips with words of their feedback."""

ACCELERATION = {
    "acceleration-1": 1 / (0.02 + 0.98 / 49),  # 25
    "acceleration-2": 1 - 1 / 30,
    "acceleration-3": 0.92 / (0.1 - 0.08),
    "acceleration-4": "b",
    "acceleration-5": "latency",
    "acceleration-6": 1 / (0.2 + 0.8 * 2.039 / 3.35),
}
ACCELERATION_SLIPS = [
    ("acceleration-1", 49, "accelerated part"),
    ("acceleration-1", 50, "That is the ceiling"),
    ("acceleration-1", 48.04, "Times add up"),
    ("acceleration-1", 0.04, "its inverse"),
    ("acceleration-1", 10, "2 s stay"),
    ("acceleration-2", 96.67, "As a fraction"),
    ("acceleration-2", 0.0333, "the serial part"),
    ("acceleration-2", 0.95, "ceiling is 20x"),
    ("acceleration-2", 0.97, "three digits"),  # its ceiling is 33.3
    ("acceleration-2", 0.5, "Solve"),
    ("acceleration-3", 10, "everything were accelerated"),
    ("acceleration-3", 10.87, "does not shrink"),
    ("acceleration-3", 12.5, "the ceiling of the whole"),
    ("acceleration-3", 92, "8 s are serial"),
    ("acceleration-4", "a", "1.08x"),  # 0.118 / 0.109
    ("acceleration-4", "c", "8.47x already"),  # 1 / 0.118
    ("acceleration-4", "d", "far beyond"),
    ("acceleration-5", "data", "25.2%"),
    ("acceleration-5", "memory", "wants the name of a term"),
    ("acceleration-6", 1.643, "a fifth of the time is serial"),
    ("acceleration-6", 989 / 312, "ratio of the FLOP/s"),
    ("acceleration-6", 1 / (0.2 + 0.8 * 312 / 989), "ratio of the FLOP/s"),
    ("acceleration-6", 5, "without limit"),
    ("acceleration-6", 1, "First the gain"),
]

SPECIALIZATION = {
    "specialization-1": 5 / 2,
    "specialization-2": 100 / 4,  # power (2 / sqrt 2) ** 4
    "specialization-3": 2 * 1300 / 8 / 0.3,
    "specialization-4": "c",
    "specialization-5": 100 * 3.35 * 4 / 989,
    "specialization-6": [3, 1, 4, 2],
    "specialization-7": 3000,
}
SPECIALIZATION_SLIPS = [
    ("specialization-1", 3, "quotient"),
    ("specialization-1", 0.4, "Upside down"),
    ("specialization-1", 7, "5 and supply 2"),
    ("specialization-2", 75, "the dark share"),
    ("specialization-2", 6.25, "smaller capacitance"),
    ("specialization-2", 0.25, "as a fraction"),
    ("specialization-2", 50, "2 / sqrt 2"),
    ("specialization-3", 1300 / 8 / 0.3, "one operand"),
    ("specialization-3", 8 * 1300 / 8 / 0.3, "not 32"),
    ("specialization-3", 2 * 1300 / 8 / 0.2, "multiplication alone"),
    ("specialization-3", 100, "0.1 pJ to add"),
    ("specialization-4", "a", "more numerous"),
    ("specialization-5", 100 * 3.35 / 989, "batch 1"),
    ("specialization-5", 100 * 3.35 * 2 / 989, "two FLOP"),
    ("specialization-5", 3.35 * 4 / 989, "as a fraction"),
    ("specialization-5", 40, "over the peak"),
    ("specialization-6", [3, 1, 2, 4], "2017 against 2015"),
    ("specialization-6", [1, 3, 4, 2], "1980"),
    ("specialization-6", [2, 4, 1, 3], "ranks"),
    ("specialization-6", [1, 1, 1, 1], "a list of four numbers"),
    ("specialization-7", 2500, "not free"),
    ("specialization-7", 15000, "what each saves"),
    ("specialization-7", 10, "over the saving"),
]

MEMORY = {
    "memory-1": "c",
    "memory-2": 600,
    "memory-3": 2039e9 * 466.3 / 1410e6 / 1e3,
    "memory-4": "4213",
    "memory-5": 2 * 32 * 8 * 128 * 8 * 8192 * 2 / 1e9,
    "memory-6": 16,
    "memory-7": False,
    "memory-8": 9 / 450 * 1e3,
    "memory-9": "a",
}
MEMORY_SLIPS = [
    ("memory-1", "a", "ridge point rises"),
    ("memory-1", "b", "Room does not move bytes"),
    ("memory-1", "d", "because of the wall"),
    ("memory-1", "z", "wants a letter"),
    ("memory-2", 150, "cycles are time times clock"),
    ("memory-2", 6e-7, "cancel"),
    ("memory-2", 7, "times a clock"),
    ("memory-3", 2039e9 / (466.3 / 1410e6), "Divided"),
    ("memory-3", 0.674, "those are MB"),
    ("memory-3", 1, "Little's law"),
    ("memory-4", "4231", "behind PCIe"),
    ("memory-4", "3124", "slowest first"),
    ("memory-4", "2413", "fewer cycles"),
    ("memory-4", "44", "wants a text of four digits"),
    ("memory-5", 8.59 / 2, "two vectors"),
    ("memory-5", 8.59 * 4, "shares"),
    ("memory-5", 8.59 / 8, "there are eight"),
    ("memory-5", 8, "GiB"),
    ("memory-5", 1, "2 x layers"),
    ("memory-6", 12, "fp32 copy"),
    ("memory-6", 4, "two moments"),
    ("memory-6", 8, "4 each"),
    ("memory-7", True, "caught up"),
    ("memory-7", "yes", "wants True or False"),
    ("memory-8", 10, "one way"),
    ("memory-8", 0.02, "milliseconds"),
    ("memory-8", 0.01, "seconds, and 900 GB/s add both"),
    ("memory-8", 3, "one direction"),
    ("memory-9", "b", "9 ms to 7"),
    ("memory-9", "c", "hide behind"),
]

RIGHT = ACCELERATION | SPECIALIZATION | MEMORY
SLIPS = [*ACCELERATION_SLIPS, *SPECIALIZATION_SLIPS, *MEMORY_SLIPS]
