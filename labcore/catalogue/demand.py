"""Scaling of chips and the demand that outgrew it: transistors, dark silicon, AlexNet, training compute, a fleet."""

from __future__ import annotations

from labcore.catalogue.facts import Fact, Source
from labcore.catalogue.sources import ALEXNET_PAPER, GPT3_PAPER, INTEL_486, TEACHING, UNREAD

_4004 = Source("BYTE, copied by X-Number World", "Intel 4004", 1995, "https://xnumber.com/xnumber/intel_4004.htm")
_LECTURE = Source("J. Hennessy and D. Patterson", "Turing Lecture at ISCA, announcement", 2018,
                  "http://iscaconf.org/isca2018/turing_lecture.html")  # fmt: skip
_DARK = Source(
    "Esmaeilzadeh et al.", "Power Limitations and Dark Silicon Challenge the Future of Multicore, ACM TOCS, abstract",
    2012, "https://doi.org/10.1145/2324876.2324879",
)  # fmt: skip
_DENNARD = Source(
    "Dennard et al.", "Design of Ion-Implanted MOSFET's with Very Small Physical Dimensions, IEEE JSSC 9(5)", 1974,
    "https://doi.org/10.1109/JSSC.1974.1050511",
)  # fmt: skip
_ILSVRC = Source("ImageNet", "Large Scale Visual Recognition Competition 2012, results, task 1", 2012,
                 "https://image-net.org/challenges/LSVRC/2012/results.html")  # fmt: skip
_GTX580 = Source("bit-tech", "GeForce GTX 580 review, specifications", 2010,
                 "https://bit-tech.net/reviews/tech/graphics/nvidia-geforce-gtx-580-review/2/")  # fmt: skip
_VASWANI = Source("Vaswani et al.", "Attention Is All You Need, Table 2", 2017, "https://arxiv.org/abs/1706.03762")
_EPOCH = Source("Epoch AI", "Notable AI Models, as listed in Attribution-Based Control, Appendix II", 2025,
                "https://attribution-based-control.ai/appendix2.html")  # fmt: skip
_EPOCH_TREND = Source(
    "Epoch AI", "Training Compute of Frontier AI Models Grows by 4-5x per Year", 2024,
    "https://epoch.ai/blog/training-compute-of-frontier-ai-models-grows-by-4-5x-per-year",
)  # fmt: skip
_NOTABLE = Source("Epoch AI", "Notable AI Models", 2024, "https://epoch.ai/data")
_OPENAI = Source("OpenAI", "AI and Compute", 2018, "https://openai.com/index/ai-and-compute/")

TRANSISTORS = {"4004": (Fact(1971, "year", _4004), Fact(2300, "", _4004)),
               "486DX": (Fact(1989, "year", INTEL_486), Fact(1.2e6, "", INTEL_486))}  # fmt: skip
TURING_AWARD = Fact(2017, "year", _LECTURE, "the award's year; the lecture was held on 4 June 2018")
DENNARD = Fact(1974, "year", _DENNARD)
DENNARD_ENDS = Fact(2005, "year", _DARK, "about, 2005 to 2007 in other texts; its abstract has only the turn to many "
                    "cores, 2004", "estimate", confirmed=False)  # fmt: skip
DARK = {"22 nm": Fact(0.21, "ratio", _DARK, "of a fixed-size chip must be off"),
        "8 nm": Fact(0.50, "ratio", _DARK, "more than this must be off")}  # fmt: skip

# ---- demand

ERROR = {"AlexNet": Fact(0.15315, "ratio", _ILSVRC, "top 5; an ensemble with extra data, 0.16422 without"),
         "runner-up": Fact(0.26172, "ratio", _ILSVRC, "top 5; ISI")}  # fmt: skip
ALEXNET_PARAMS = Fact(60e6, "", ALEXNET_PAPER, "abstract, rounded")
ALEXNET_GPUS = Fact(2, "", ALEXNET_PAPER)
ALEXNET_MEMORY = Fact(3e9, "B", ALEXNET_PAPER, "of each GTX 580, printed as 3 GB")
ALEXNET_DAYS = (Fact(5, "", ALEXNET_PAPER, "days"), Fact(6, "", ALEXNET_PAPER, "days"))
ALEXNET_IMAGES = Fact(1.2e6, "", ALEXNET_PAPER, "section 5, rounded; the web page of the proceedings says 1.3 million")
ALEXNET_EPOCHS = Fact(90, "", ALEXNET_PAPER, "section 5, roughly")
GTX580_PEAK = Fact(512 * 2 * 1.544e9, "FLOP/s", _GTX580, "512 lanes x 2 FLOP x 1.544 GHz, FP32", "derived")
TRAINING = {  # year, FLOP
    "AlexNet": (
        Fact(2012, "year", ALEXNET_PAPER),
        Fact(4.7e17, "FLOP", _NOTABLE, UNREAD, "estimate", confirmed=False),
    ),
    "Transformer (big)": (
        Fact(2017, "year", _VASWANI),
        Fact(2.3e19, "FLOP", _VASWANI, "its authors' estimate", "estimate"),
    ),
    "GPT-3": (
        Fact(2020, "year", GPT3_PAPER),
        Fact(3.14e23, "FLOP", GPT3_PAPER, "Appendix D, Table D.1, as others quote it"),
    ),
    "GPT-4": (Fact(2023, "year", _EPOCH), Fact(2.1e25, "FLOP", _EPOCH, "nothing is published", "estimate")),
}
GPT3_PARAMS = Fact(174.6e9, "", GPT3_PAPER, "Table D.1; 175 G on the title page. As others quote it", confirmed=False)
GPT3_TOKENS = Fact(300e9, "", GPT3_PAPER, "Table D.1, trained on. As others quote it", confirmed=False)
EPOCH_GROWTH = (Fact(4, "x", _EPOCH_TREND, "a year, 2010 to 2024"), Fact(5, "x", _EPOCH_TREND, "a year, 2010 to 2024"))
OPENAI_DOUBLING = Fact(3.4, "", _OPENAI, "months, 2012 to 2018")


def _assumed(value: float, unit: str, note: str) -> Fact:
    return Fact(value, unit, TEACHING, note, "convention")


FLEET = {  # numbers to reason with, of nobody's fleet
    "users": _assumed(1e9, "", "people who speak to the service"),
    "seconds": _assumed(180.0, "s", "of speech a day each, the three minutes of the story"),
    "flop": _assumed(2e9, "FLOP", "for a second of speech: 10 M weights, 100 frames"),
    "share of peak": _assumed(0.05, "ratio", "reached by a CPU, as the chapter says of networks on CPUs"),
    "own share of peak": _assumed(0.2, "ratio", "reached by a chip made for the work"),
    "price": _assumed(10_000, "USD", "of a bought machine, and of one with a chip of one's own"),
    "power": _assumed(400, "W", "of such a machine at work"),
    "life": _assumed(4 * 365 * 86400, "s", "four years"),
    "kWh": _assumed(0.10, "USD", "for a kilowatt hour"),
    "overhead": _assumed(1.5, "ratio", "energy for cooling and conversion included"),
    "one-time": _assumed(100e6, "USD", "design, masks, software"),
}
