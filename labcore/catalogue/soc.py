"""Unlike units on one chip: a phone's NPU, GPU, DSP and CPU, the clocks of a board, a microcontroller's micro-NPU.

The phone and the doorbell are no chips that can be bought: their rates are declared, as round numbers of their class.
What is published is named so: clocks and voltages of the RK3399, the energy of an instruction, the MACs of a micro-NPU.
"""

from __future__ import annotations

from labcore.catalogue.arithmetic import HOROWITZ
from labcore.catalogue.edge import MOBILE_NPU
from labcore.catalogue.facts import Fact, Source
from labcore.catalogue.sources import TEACHING, UNREAD

_RK3399 = Source("Rockchip", "rk3399-opp.dtsi, device tree of the Linux kernel, table of the Cortex-A72 cluster", 2017,
                 "https://github.com/torvalds/linux/blob/master/arch/arm64/boot/dts/rockchip/")  # fmt: skip
_RK3399_POWER = Source("Rockchip", "rk3399.dtsi, device tree of the Linux kernel", 2017, _RK3399.url)
_DALLY = Source("W. Dally, Y. Turakhia and S. Han", "Domain-Specific Hardware Accelerators, Communications of the ACM",
                2020, "https://cacm.acm.org/research/domain-specific-hardware-accelerators/")  # fmt: skip
_HVX = Source("Qualcomm", "Hexagon HVX intrinsics, 128-byte vector mode, as the Rust library documents them", 2026,
              "https://doc.rust-lang.org/nightly/core/arch/hexagon/v128/index.html")  # fmt: skip
_ARM_BLOG = Source(
    "S. Mistry (Arm)", "High efficiency ML-based embedded computer vision", 2024,
    "https://community.arm.com/arm-community-blogs/b/ai-blog/posts/ml-based-embedded-computer-vision",
)  # fmt: skip
_MICRO_NPU = Source(
    "Fanariotis, Orphanoudakis and Fotopoulos",
    "Evaluating the Energy Efficiency of NPU-Accelerated Machine Learning Inference on Embedded Microcontrollers, "
    "abstract", 2025, "https://arxiv.org/abs/2509.17533",
)  # fmt: skip
_KIRIN = Source("Huawei", "Kirin 970, announcement at IFA, as the press reported it", 2017,
                "https://www.techarp.com/articles/huawei-kirin-970-npu-speed/")  # fmt: skip
_VWW = Source("Chowdhery et al. (Google)", "Visual Wake Words Dataset, abstract", 2019,
              "https://arxiv.org/abs/1906.05721")  # fmt: skip


def _say(value: float, unit: str, note: str) -> Fact:
    return Fact(value, unit, TEACHING, note, "convention")


# ---- energy of an instruction, 45 nm

INSTRUCTION = {
    "CPU": Fact(70e-12, "J", HOROWITZ, f"fetch, decode, registers and control beside the operation; {UNREAD}",
                confirmed=False),
    "GPU": Fact(30e-12, "J", _DALLY, f"20 times a half-precision multiply-add of 1.5 pJ; {UNREAD}", "derived", False),
}  # fmt: skip
INSTRUCTION_OVER_ADD = (Fact(10, "x", _DALLY, "the least of 10x to 4000x"), Fact(4000, "x", _DALLY, "the most"))
MACS_AN_INSTRUCTION = {
    "NPU": _say(4096, "", "one command drives a whole array, 64 x 64"),
    "GPU": _say(4, "", "a lane's dot product of four int8 pairs"),
    "DSP": Fact(128, "", _HVX, "a vector of 1024 bits holds 32 dot products of four int8 pairs", "derived"),
    "CPU": _say(16, "", "128 bits hold four dot products of four int8 pairs (Arm's SDOT)"),
}

# ---- a phone

_NPU = MOBILE_NPU.peaks
PEAK = {
    "NPU": {"int8": _NPU["int8"], "fp16": _NPU["fp16"]},
    "GPU": {"int8": _say(4e12, "OP/s", "a phone's GPU"), "fp16": _say(4e12, "FLOP/s", "a phone's GPU"),
            "fp32": _say(2e12, "FLOP/s", "half the fp16 rate")},
    "DSP": {"int8": _say(1e12, "OP/s", "4 vector units x 128 MACs x 1 GHz, rounded")},
    "CPU": {"int8": _say(640e9, "OP/s", "4 cores x 2 pipes x 16 MACs x 2.5 GHz"),
            "fp16": _say(320e9, "FLOP/s", "4 cores x 2 pipes x 8 lanes x 2.5 GHz"),
            "fp32": _say(160e9, "FLOP/s", "4 cores x 2 pipes x 4 lanes x 2.5 GHz")},
}  # fmt: skip
LANES_AT_WORK = {  # the share of the lanes that do useful work, by kind of work; a kind that is missing cannot run
    "NPU": {"dense": 0.5, "depthwise": 1 / 16, "pixels": 1 / 16},
    "GPU": {"dense": 0.4, "depthwise": 0.2, "pixels": 0.5, "raster": 0.9, "branchy": 1 / 512},
    "DSP": {"dense": 0.6, "depthwise": 0.4, "pixels": 0.5, "branchy": 1 / 512},
    "CPU": {"dense": 0.8, "depthwise": 0.5, "pixels": 0.5, "raster": 0.125, "branchy": 1 / 32},
}
ON_CHIP = {"NPU": _say(4e6, "B", "buffers"), "GPU": _say(1e6, "B", "cache"), "DSP": _say(1e6, "B", "tightly coupled"),
           "CPU": _say(4e6, "B", "last-level cache")}  # fmt: skip
LAUNCH = {"NPU": _say(200e-6, "s", "driver and command stream"), "GPU": _say(100e-6, "s", "driver and queue"),
          "DSP": _say(100e-6, "s", "remote call"), "CPU": _say(5e-6, "s", "wake a thread")}  # fmt: skip
STATIC = {"NPU": _say(0.15, "W", "leakage and clocks while it is on"), "GPU": _say(0.3, "W", "as the NPU's"),
          "DSP": _say(0.03, "W", "as the NPU's"), "CPU": _say(0.3, "W", "as the NPU's")}  # fmt: skip
PHONE_BW = MOBILE_NPU.bandwidth
NPU_EFFICIENCY = Fact(50, "x", _KIRIN, "an NPU's efficiency over a CPU's, a maker's own claim; the announcement itself "
                      "was not read", confirmed=False)  # fmt: skip
HANDOFF = _say(50e-6, "s", "flush of caches, interrupt, and the other unit's wait")
LPDDR_BIT = Fact(4e-12, "J", TEACHING, "a bit; no sheet was read, HBM2 takes 3.9 pJ and DDR4 20 pJ", "estimate")
FRAME_RATE = _say(30, "Hz", "the rate of Example 1.4 and of a camera")

# ---- clocks, voltages, heat

A72_POINTS = tuple(
    (Fact(f, "Hz", _RK3399), Fact(V, "V", _RK3399))
    for f, V in ((408e6, 0.8), (600e6, 0.8), (816e6, 0.825), (1008e6, 0.875), (1200e6, 0.95), (1416e6, 1.025),
                 (1608e6, 1.1), (1800e6, 1.2))
)  # fmt: skip
A72_C = Fact(436e-12, "F", _RK3399_POWER, "dynamic-power-coefficient of one core, 436 uW / (MHz V^2)")
A72_LEAK = _say(0.1, "A", "leakage current of one core")
A72_IDLE = _say(0.02, "W", "a core that waits with its clock off")
PHONE_HEAT = {
    "C_die": _say(2.0, "J/K", "chip and package"), "G_die": _say(0.2, "W/K", "package to case, 5 K/W"),
    "C_case": _say(100.0, "J/K", "about 150 g of glass, metal and battery"),
    "G_case": _say(0.225, "W/K", "0.0225 m2 of two faces at 10 W/(m2 K) to still air"),
    "T_ambient": _say(25.0, "degC", "a room"), "T_die": _say(85.0, "degC", "the die's trip point"),
    "T_skin": _say(43.0, "degC", "what a hand bears"),
}  # fmt: skip

# ---- a detector and its neighbours on one DRAM

CROWD = {
    "BW": _say(25.6e9, "B/s", "32 bit x 6.4 Gb/s of LPDDR5"), "D_frame": _say(256e6, "B", "of a detector's frame"),
    "burst": _say(1e6, "B", "what one turn of the arbiter moves; real ones take kilobytes, and a share is the same"),
    "window": _say(1e-3, "s", "over which budgets are counted"),
}  # fmt: skip

# ---- a microcontroller with a micro-NPU

ETHOS_U55_MACS = tuple(Fact(n, "", _ARM_BLOG, "MACs a cycle, one of four configurations") for n in (32, 64, 128, 256))
PERSON_MACS = Fact(
    7_215_492, "", _ARM_BLOG, "MACs of the person detection model of TensorFlow Lite for Microcontrollers"
)
PERSON_MEMORY = Fact(250e3, "B", _VWW, "the footprint that the data set's models stay within")
MICRO_NPU_GAIN = {"latency": (Fact(7, "x", _MICRO_NPU, "the least, of moderate to large networks"),
                              Fact(125, "x", _MICRO_NPU, "more than this at most")),
                  "energy": Fact(143, "x", _MICRO_NPU, "the most")}  # fmt: skip
DOORBELL = {
    "clock": _say(400e6, "Hz", "a fast Cortex-M"), "cpu_macs": _say(8, "", "int8 MACs a cycle of 64 vector bits"),
    "npu_macs": ETHOS_U55_MACS[2], "sram": _say(2e6, "B", "on chip"), "flash": _say(16e6, "B", "beside the chip"),
    "BW_flash": _say(100e6, "B/s", "eight wires at 100 MHz"), "P_cpu": _say(20e-3, "W", "the core at work"),
    "P_npu": _say(30e-3, "W", "the micro-NPU of 128 MACs at work, the core asleep"),
    "P_sleep": _say(50e-6, "W", "memory kept"),
    "battery": _say(2 * 1.5 * 2.5 * 3600, "J", "two AA cells of 2.5 Ah"),
}  # fmt: skip
MICRO_LANES = {"cpu": {"dense": 0.5, "depthwise": 0.25, "pixels": 0.25},
               "npu": {"dense": 0.5, "depthwise": 0.125, "pixels": 0.125}}  # fmt: skip
