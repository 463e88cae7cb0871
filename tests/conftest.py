"""What holds for all tests."""

import gc
import signal

import pytest
from hypothesis import HealthCheck, settings

from labcore.codesign.toolchain import MissingTool

# How long an example takes says how busy the machine is; what an example shows is what counts.
settings.register_profile("labcore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("labcore")

# Tests that press Ctrl-C want processes that hear it, also where these tests run in the background of a shell, whose
# jobs ignore it and hand that on to all that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is collected lives to the end, so the garbage collector need not walk through it a hundred times."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """A test that asks for a tool of generated hardware that is not here is skipped, with the tool's line."""
    try:
        return (yield)
    except MissingTool as error:
        pytest.skip(str(error))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """So is one whose fixture asks for it."""
    try:
        return (yield)
    except MissingTool as error:
        pytest.skip(str(error))
