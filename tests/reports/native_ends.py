"""Reports of native programs' lives for the tests of text and JSON, made by hand: each part of the model once."""

from __future__ import annotations

from outlive.model.explanation import NativeFrame, Owner, OwnerKind
from outlive.model.leftovers import Category, ProgramEnd
from outlive.model.native_blocks import BlockKind, PythonLine
from outlive.model.native_end import (
    BrokenUse,
    LossEvent,
    NativeCall,
    NativeLoss,
    NativeProcess,
    NativeReport,
    OpenHandle,
    TypeTotal,
)
from outlive.model.verdict import Cost, Note, Verdict

SERVER = "/home/me/server"
MADE = NativeCall(
    (
        NativeFrame(SERVER, 0x11B4, "decode_piece", file="/home/me/wire.c", line=120),
        NativeFrame(SERVER, 0x12F2, "on_data", file="/home/me/peer.c", line=30, inlined=True),
        NativeFrame("/usr/lib/libuv.so.1", 0xBE52, "uv_fileno", certain=False),
    ),
    (PythonLine(7, "app.py", "load"),),
    thread=41,
)
LOST_BY = NativeCall((NativeFrame(SERVER, 0x1400, "pool_dial", file="pool.c", line=88), NativeFrame(SERVER, 9, "main")))
EVENTS = (
    LossEvent("overwritten", LOST_BY, count=3),
    LossEvent("discarded", NativeCall((NativeFrame(SERVER, 5, "on_block"),)), sure=False),
    LossEvent("parent freed", NativeCall(), words="freed a block that pointed to it"),
)
YOURS = Owner(OwnerKind.YOURS, "server")
PIECES = NativeLoss(
    what="decode_piece",
    count=88,
    bytes=1_441_792,
    under_count=4,
    under_bytes=160,
    kind=BlockKind.CALLOC,
    made=MADE,
    owner=YOURS,
    events=EVENTS,
    sentence="92 blocks of 1,441,952 bytes in all lost while it ran.",
    evidence=("70 of 88 were lost already 0.11 s after its start, while it worked",),
    remedy="Follow what decode_piece made.",
    fingerprint="feed0001",
    caller="on_data",
    processes=(41, 42),
    parts=(
        NativeLoss("decode_piece", 88, 1_441_792, 0, 0, BlockKind.CALLOC, MADE, caller="on_data"),
        NativeLoss("list_create", 0, 0, 4, 160, BlockKind.MALLOC, MADE),
    ),
)
TIMER = NativeLoss(
    "timer_open",
    1,
    184,
    0,
    0,
    BlockKind.NEW,
    NativeCall(),
    Category.SHUTDOWN,
    YOURS,
    sentence="A timer.",
    fingerprint="2",
)
UNDATED = NativeLoss("x", 1, 1, 0, 0, BlockKind.MALLOC, NativeCall(), sentence="Some day.", when_known=False)
HARMLESS = NativeLoss(
    "dbus_init",
    1,
    4409,
    0,
    0,
    BlockKind.MALLOC,
    NativeCall(),
    owner=Owner(OwnerKind.SYSTEM, "libdbus-1-3"),
    sentence="1 block of 4,409 bytes lost.",
    harmless=True,
)
DOUBTFUL = NativeLoss("y", 2, 20, 0, 0, BlockKind.MALLOC, NativeCall(), sentence="Two blocks.", certain=False)
DOUBLE_FREE = BrokenUse(
    "double-free",
    "A block was freed twice.",
    (("made", MADE), ("freed", LOST_BY), ("freed again", LOST_BY)),
    address=4096,
    bytes=32,
    count=2,
    evidence=("it lay in quarantine",),
    fingerprint="feed0009",
)
TIMERS = OpenHandle(
    "timer",
    6,
    "stopped, not closed",
    "6 timers were never closed.",
    made=MADE,
    stopped=LOST_BY,
    closed=NativeCall((NativeFrame(SERVER, 7, "close_left", file="loop.c", line=40),)),
    callback=NativeFrame(SERVER, 8, "nothing"),
    usual=NativeFrame(SERVER, 9, "on_closed"),
    evidence=("the block at its data is lost",),
)
LEAKY = NativeReport(
    command=("./server", "--port", "80 81"),
    end=ProgramEnd("returned", 0, "it ended with status 0"),
    verdict=Verdict.LEAK,
    reason="3 mistakes; first, 92 blocks are lost",
    losses=(PIECES, TIMER, UNDATED, HARMLESS, DOUBTFUL),
    broken=(DOUBLE_FREE,),
    handles=(TIMERS,),
    totals=(TypeTotal("decode_piece", 90, 1_500_000, 88, 1_441_792),),
    notes=(Note("not-seen", "12 blocks were not recorded"),),
    cost=Cost(0.0, 0, 0, 0.0, 0.0, explaining_seconds=0.3),
    seconds=2.5,
    looks=4,
    live_count=100,
    live_bytes=2_000_000,
    processes=(NativeProcess(41, SERVER, 3, True, 90, 1000, 88, 500), NativeProcess(42, "/usr/bin/ls", 1, False)),
)
CLEAN = NativeReport(
    command=("./server",),
    end=ProgramEnd("returned", 0, "it ended with status 0"),
    verdict=Verdict.NO_LEAK,
    reason="nothing is lost; 12 blocks were held when it ended",
    looks=2,
    processes=(NativeProcess(41, SERVER, 2, True),),
)
CRASHED = NativeReport(
    command=("./server",),
    end=ProgramEnd("crashed", -11, "it was ended by SIGSEGV"),
    verdict=Verdict.COULD_NOT_TELL,
    reason="it was ended by SIGSEGV, and its memory could not be looked at then",
)
