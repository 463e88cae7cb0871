"""Links and transfers: hand values, the schedule against its closed form, conservation, pages against a plain count."""

import re
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcore.catalogue import A100, H100, links
from labcore.catalogue.links import LINKS, serial_bandwidth
from labcore.interconnect.link import (
    Link,
    bottleneck,
    effective_bandwidth,
    half_bandwidth_size,
    link,
    path_time,
    size_for_share,
    staged_time,
    transfer_time,
)
from labcore.interconnect.paging import Migration, migrate, migration_time, sweep_faults
from labcore.interconnect.schedule import (
    Exchange,
    Task,
    busy,
    exchange,
    gaps,
    makespan,
    pipelined,
    pipelined_time,
    run,
    sequential,
    sequential_time,
)

WHOLE = st.integers(0, 8).map(float)  # whole seconds add up exactly
EXCHANGES = st.builds(Exchange, WHOLE, WHOLE, WHOLE, WHOLE)
CHUNKS = st.integers(1, 9)
GB = 1e9

# ---- the catalogue of links


def test_pcie_is_transfers_times_lanes_times_line_code():
    """16 GT/s x 16 lanes x 128/130 / 8 = 31.5 GB/s, and half or twice that for its neighbours."""
    one_way = {name: sheet.BW_one_way / GB for name, sheet in LINKS.items() if name.startswith("PCIe")}
    gen4 = 16 * 16 * 128 / 130 / 8
    assert gen4 == pytest.approx(31.5, abs=0.01)
    assert one_way == pytest.approx({"PCIe Gen3 x16": gen4 / 2, "PCIe Gen4 x16": gen4, "PCIe Gen5 x16": 2 * gen4})


def test_nvlink_is_links_times_25_gb_in_each_direction():
    by_hand = {"NVLink 3": 12 * 25, "NVLink 4": 18 * 25, "NVLink 5": 18 * 50}
    assert {name: LINKS[name].BW_one_way / GB for name in by_hand} == by_hand


def test_infinity_fabric_is_seven_links_of_sixteen_lanes_at_four_bytes_a_nanosecond():
    assert LINKS["Infinity Fabric (MI300X)"].BW_one_way / GB == 7 * 16 * 32 / 8


def test_networks_carry_an_eighth_of_their_bits():
    rates = {"InfiniBand HDR": 200, "InfiniBand NDR": 400, "Ethernet 200G": 200, "Ethernet 400G": 400}
    assert {name: LINKS[name].BW_one_way / GB for name in rates} == {name: bits / 8 for name, bits in rates.items()}


@pytest.mark.parametrize("name", LINKS)
def test_the_printed_number_says_its_direction(name):
    """Both ways is twice one way; a rate before the line code is at most 130/128 of what is left."""
    sheet = LINKS[name]
    over = sheet.printed.value / sheet.BW_one_way
    assert over == pytest.approx({"both ways": 2, "one way": 1}[sheet.printed_way], rel=0.016)
    assert sheet.BW_both_ways == 2 * sheet.BW_one_way


def test_64_gb_is_gen4_both_ways_and_gen5_one_way():
    both, one = LINKS["PCIe Gen4 x16"].BW_both_ways, LINKS["PCIe Gen5 x16"].BW_one_way
    assert both == pytest.approx(one)
    assert both == pytest.approx(64e9, rel=0.016)


def test_every_link_fact_has_a_unit_a_source_and_a_sane_value():
    alone = {"B/s": (10e9, 2e12), "s": (1e-6, 1e-4), "T/s": (8e9, 32e9), "B": (4096, 2**21)}
    facts = [fact for sheet in LINKS.values() for fact in sheet.facts().values()]
    facts += [f for f in vars(links).values() if isinstance(f, type(facts[0]))] + list(links.PCIE_RATE.values())
    for fact in facts:
        low, high = alone[fact.unit]
        assert low <= fact.value <= high, fact
        assert fact.source.publisher
        assert 2009 <= fact.source.year <= 2026
        assert fact.source.url.startswith("http") or fact.kind == "convention"
        assert fact.note or (fact.kind == "published" and fact.confirmed)
    assert {sheet.joins for sheet in LINKS.values()} == {"device-device", "host-device", "node-network"}


def test_a_measured_copy_stays_below_the_link():
    assert 0.8 < links.MEASURED_NVLINK_4.value / LINKS["NVLink 4"].BW_one_way < 1


def test_a_link_of_the_catalogue():
    assert link("PCIe Gen4 x16").BW_one_way == LINKS["PCIe Gen4 x16"].BW_one_way
    assert LINKS["PCIe Gen4 x16"].one_way.source.publisher in link("PCIe Gen4 x16").source


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda: link("PCIe Gen6"), "no link 'PCIe Gen6'; the catalogue has NVLink 3, "),
        (lambda: Link("x", 0.0), "BW_one_way must be a finite number above 0, got 0.0"),
        (lambda: Link("x", 1.0, L_lat=-1.0), "L_lat is a time of 0 s or more, got -1.0"),
        (lambda: transfer_time(1, BW_one_way=float("nan")), "BW_one_way must be a finite number above 0, got nan"),
        (lambda: size_for_share(1, 8.0, 1.0), "share is below 1, which no finite message reaches; got 1"),
        (lambda: path_time(1, []), "a path has at least one link, got none"),
        (lambda: Exchange(1.0, 0.0, -2.0, 0.0), "compute takes a time of 0 s or more, got -2.0"),
        (lambda: pipelined(Exchange(1.0, 0.0, 2.0, 0.0), 0), "chunks must be a whole number of at least 1, got 0"),
        (lambda: pipelined(Exchange(1.0, 0.0, 2.0, 0.0), 2, engines=3), "has 1 or 2 copy engines here, got 3"),
        (lambda: sequential(Exchange(1.0, 0.0, 2.0, 0.0), 1.5), "chunks must be a whole number of at least 1, got 1.5"),
        (lambda: exchange(1, 1, 1.0, Link("x", 1.0), chunks=0), "chunks must be a whole number of at least 1, got 0"),
        (lambda: run([Task("a", 0, "x", 1.0, (("b", 0),))]), "1 tasks wait for each other, among them 'a'"),
        (lambda: migrate([1], frames=0), "frames must be a whole number of at least 1, got 0"),
        (lambda: sweep_faults(0, 1, 1), "pages must be a whole number of at least 1, got 0"),
    ],
)
def test_errors_say_what_is_wanted(wrong, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        wrong()


# ---- one message


def test_a_message_at_half_the_bandwidth():
    """6 us on 31.5 GB/s: 189 kB take as long to begin as to send."""
    one = Link("x", 31.5e9, 6e-6)
    half = half_bandwidth_size(one.BW_one_way, one.L_lat)
    assert half == pytest.approx(189e3)
    assert transfer_time(half, one.BW_one_way, one.L_lat) == pytest.approx(12e-6)
    assert effective_bandwidth(half, one.BW_one_way, one.L_lat) == pytest.approx(31.5e9 / 2)


@given(st.floats(0.01, 0.99), st.floats(1e8, 1e12), st.floats(1e-7, 1e-3))
def test_the_size_for_a_share_reaches_it(share, BW, L_lat):
    assert effective_bandwidth(size_for_share(share, BW, L_lat), BW, L_lat) == pytest.approx(share * BW)


@given(st.integers(1, 1000), st.integers(1, 1000), st.integers(1, 50))
def test_one_message_is_never_slower_than_the_same_bytes_in_pieces(D_vol, L_lat, pieces):
    whole = transfer_time(D_vol, 8.0, L_lat)
    assert pieces * transfer_time(D_vol / pieces, 8.0, L_lat) == pytest.approx(whole + (pieces - 1) * L_lat)


def test_pageable_memory_pays_the_host_copy_too():
    """1 GB at 8 GB/s in memory, then at 4 GB/s over the link: 125 + 250 ms (Vision Experts, 2010)."""
    assert staged_time(1e9, 4e9, BW_copy=8e9) == pytest.approx(0.375)
    blocks = staged_time(1e9, 4e9, BW_copy=8e9, L_lat=1e-3, block=1e8)  # ten calls
    assert blocks == pytest.approx(0.375 + 10 * 1e-3)
    assert staged_time(1e9, 4e9, BW_copy=8e9, block=1e8) == pytest.approx(transfer_time(1e9, 4e9) + 0.125)


# ---- paths

LINK = st.builds(lambda BW, L: Link("x", float(BW), float(L)), st.integers(1, 9), st.integers(0, 5))


def test_a_path_by_hand():
    """12 B over 4 and 2 B/s: 3 + 6 s stored at the stop; in packets of 2 B, 0.5 + 1 s and then five more of 1 s."""
    two = [Link("a", 4.0), Link("b", 2.0)]
    assert path_time(12, two) == 3 + 6
    assert path_time(12, two, packet=2) == 0.5 + 1 + 5 * 1


@given(st.lists(LINK, min_size=1, max_size=4), st.integers(1, 12), st.integers(1, 12))
def test_a_path_lies_between_its_slowest_link_and_the_sum_of_all(several, packet, packets):
    D_vol = packet * packets
    slowest = D_vol / bottleneck(several).BW_one_way
    stored = sum(transfer_time(D_vol, one.BW_one_way, one.L_lat) for one in several)
    through = path_time(D_vol, several, packet)
    assert path_time(D_vol, several) == pytest.approx(stored)
    assert slowest + sum(one.L_lat for one in several) <= through + 1e-9
    assert through <= stored + 1e-9


def test_packets_on_a_path_are_a_pipeline():
    """A packet is a chunk, a link a stage: the event simulation of the same packets ends at the same time."""
    several, packet, packets = [Link("a", 4.0, 1.0), Link("b", 2.0), Link("c", 8.0)], 8, 6
    tasks = []
    for k, (i, one) in product(range(packets), enumerate(several)):
        T = packet / one.BW_one_way + (one.L_lat if k == 0 else 0)
        tasks.append(Task(one.name, k, one.name, T, ((several[i - 1].name, k),) if i else ()))
    assert makespan(run(tasks)) == path_time(packet * packets, several, packet)


# ---- the exchange in time


def test_an_exchange_by_hand():
    """20 MB in and 5 MB out at 10 GB/s with 1 ms a call, 8 ms of work, in two chunks."""
    one = exchange(20e6, 5e6, 8e-3, Link("x", 10e9, 1e-3), L_launch=1e-4, chunks=2)
    assert one.times == pytest.approx((2e-3, 1e-4, 4e-3, 1.25e-3))
    assert one.binds == "compute"
    assert exchange(20e6, 0, 8e-3, Link("x", 10e9, 1e-3)).copy_out == 0  # nothing to send, no call


def test_a_pipeline_by_hand():
    """3 chunks of 2, 3, 1 s: 0-2 in, 2-5 compute; then 5-8 and 8-11; the last goes out 11-12."""
    done = pipelined(Exchange(2.0, 0.0, 3.0, 1.0), 3)
    compute = [(one.start, one.end) for one in done if one.step == "compute"]
    assert compute == [(2, 5), (5, 8), (8, 11)]
    arrived = [(one.start, one.end) for one in done if one.step == "copy in"]
    assert arrived == [(0, 2), (2, 4), (5, 7)]  # the third waits for a buffer, free from 5 on
    assert makespan(done) == 12 == 2 + 3 + 1 + 2 * 3


@given(EXCHANGES, CHUNKS, st.integers(1, 4))
def test_the_schedule_ends_when_the_closed_form_says(one, chunks, buffers):
    assert makespan(pipelined(one, chunks, buffers=buffers)) == pipelined_time(one, chunks, buffers)
    assert makespan(sequential(one, chunks)) == sequential_time(one, chunks)


@given(EXCHANGES, CHUNKS, st.sampled_from([1, 2]), st.integers(1, 3))
def test_work_is_conserved_and_no_resource_does_two_things_at_once(one, chunks, engines, buffers):
    done = pipelined(one, chunks, engines, buffers)
    assert len(done) == 4 * chunks
    assert sum(busy(done).values()) == sequential_time(one, chunks)
    assert max(busy(done).values()) <= makespan(done)
    for resource in busy(done):
        its = sorted((i.start, i.end) for i in done if i.resource == resource)
        assert all(first[1] <= second[0] for first, second in pairwise(its))
    for k in range(chunks):
        ends = {i.step: i.end for i in done if i.chunk == k}
        starts = {i.step: i.start for i in done if i.chunk == k}
        assert max(ends["copy in"], ends["launch"]) <= starts["compute"]
        assert ends["compute"] <= starts["copy out"]


@given(EXCHANGES, CHUNKS)
def test_overlap_is_never_slower_and_never_faster_than_the_busiest_resource(one, chunks):
    T = pipelined_time(one, chunks)
    half_duplex = makespan(pipelined(one, chunks, engines=1))
    assert max(one.times) * chunks <= T <= half_duplex <= sequential_time(one, chunks)
    assert chunks * (one.copy_in + one.copy_out) <= half_duplex
    assert T <= pipelined_time(one, chunks, buffers=1) <= sequential_time(one, chunks)
    assert pipelined_time(one, chunks, buffers=2) == pipelined_time(one, chunks, buffers=3)  # two are enough


def test_one_engine_takes_what_is_ready_and_not_what_was_asked_for_first():
    """In 1 s, compute 3 s, out 1 s: chunk 2 comes in at 1-2 s, while chunk 1 computes, and goes out last, at 7-8 s.

    An engine that kept to the order of asking would wait for chunk 1's result, and end at 10 s.
    """
    done = pipelined(Exchange(1.0, 0.0, 3.0, 1.0), 2, engines=1)
    engine = [(i.step, i.chunk, i.start, i.end) for i in done if i.resource == "link in"]
    assert engine == [("copy in", 0, 0, 1), ("copy in", 1, 1, 2), ("copy out", 0, 4, 5), ("copy out", 1, 7, 8)]


@given(EXCHANGES)
def test_one_chunk_gains_only_the_launch(one):
    hidden = min(one.copy_in, one.launch)
    assert pipelined_time(one, 1) == sequential_time(one) - hidden


def test_overlap_saves_at_most_two_thirds():
    """Three equal steps and many chunks: the time of one step each, where a row would take three."""
    even = Exchange(1.0, 0.0, 1.0, 1.0)
    assert pipelined_time(even, 10**6) / sequential_time(even, 10**6) == pytest.approx(1 / 3, abs=1e-5)


def test_the_accelerator_never_waits_when_it_is_the_slowest():
    assert gaps(pipelined(Exchange(2.0, 1.0, 3.0, 2.0), 5), "accelerator") == [0, 0, 0, 0]
    assert gaps(sequential(Exchange(2.0, 1.0, 3.0, 2.0), 3), "accelerator") == [5, 5]  # out, in, launch


def test_latency_sets_a_limit_to_the_number_of_chunks():
    """More chunks hide more of the fill, and pay more calls: the best number lies between."""
    PCIE = Link("x", 31.5e9, 6e-6)
    times = [pipelined_time(exchange(8e6, 8e6, 250e-6, PCIE, chunks=n), n) for n in range(1, 65)]
    best = 1 + times.index(min(times))
    assert 1 < best < 64
    assert times[-1] > times[best - 1]


@pytest.mark.parametrize(("chip", "slot"), [(A100, "PCIe Gen4 x16"), (H100, "PCIe Gen5 x16")])
def test_the_intensity_from_which_a_host_link_no_longer_binds(chip, slot):
    """FLOP for each byte sent: peak over link, thousands where the chip's own memory asks for hundreds."""
    I = chip.peak("fp16") / link(slot).BW_one_way
    assert exchange(1e9, 0, I * 1e9 / chip.peak("fp16"), Link("x", link(slot).BW_one_way)).binds == "copy in"
    more = exchange(1e9, 0, 1.001 * I * 1e9 / chip.peak("fp16"), Link("x", link(slot).BW_one_way))
    assert more.binds == "compute"
    assert 9000 < I < 16000


# ---- unified memory


def plain_lru(pages, frames):
    """A list in the order of use, searched from the front."""
    order, faults = [], 0
    for page in pages:
        if page in order:
            order.remove(page)
        else:
            faults += 1
            order = order[1:] if len(order) == frames else order
        order.append(page)
    return faults


@pytest.mark.parametrize(
    ("pages", "frames", "faults"),
    [
        ("0101", 2, 2),  # both stay
        ("012012", 3, 3),
        ("012012", 2, 6),  # each comes just after it left
        ("010203", 2, 4),  # 0 is always the younger one
        ("001122", 1, 3),
        ("0120301", 3, 5),  # 3 sends 1 away, which comes back: 0, 1, 2, 3, 1
    ],
)
def test_faults_counted_by_hand(pages, frames, faults):
    assert migrate(map(int, pages), frames).faults == faults


@given(st.lists(st.integers(0, 6), max_size=60), st.integers(1, 7))
def test_lru_agrees_with_a_plain_list(pages, frames):
    moved = migrate(pages, frames)
    assert moved.faults == plain_lru(pages, frames)
    assert moved.touches == len(pages)
    assert len(set(pages)) <= moved.faults <= len(pages)
    assert moved.faults - moved.evictions == min(frames, len(set(pages)))  # what stays resident


@given(st.lists(st.integers(0, 6), max_size=60), st.integers(1, 6))
def test_more_frames_never_fault_more(pages, frames):
    assert migrate(pages, frames + 1).faults <= migrate(pages, frames).faults  # LRU is a stack algorithm


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 5))
def test_a_sweep_falls_off_a_cliff(pages, frames, sweeps):
    assert migrate(list(range(pages)) * sweeps, frames).faults == sweep_faults(pages, frames, sweeps)


def test_migration_by_hand():
    """64 KiB at 32 GB/s are 2.048 us beside 20 us of fault: 100 pages in and 40 out."""
    moved = Migration(touches=500, faults=100, evictions=40)
    T = migration_time(moved, 2**16, Link("x", 32e9), L_fault=20e-6)
    assert pytest.approx(100 * 20e-6 + 140 * 2.048e-6) == T


def test_units_of_the_wire():
    assert serial_bandwidth(8.0, lanes=1) == 1
    assert serial_bandwidth(8.0, lanes=4, payload_bits=8, line_bits=10) == pytest.approx(4 * 0.8)
