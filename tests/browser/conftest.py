"""A real JupyterLab on copies of the notebooks, and a Chromium in front of it; nothing leaves this machine."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from labcore.cli import JUPYTERLAB

ROOT = Path(__file__).parent.parent.parent
ARTEFACTS = ROOT / "test-artefacts"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SETTINGS = {  # every cell stands in the page, and no news is fetched
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
}
PRIVATE = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture(scope="session")
def house(tmp_path_factory):
    """A folder that takes the place of the checkout: copies of the notebooks, and a `my/` of its own."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copytree(ROOT / "figures" / "data", folder / "figures" / "data")  # measurements that labs fall back to
    return folder


@pytest.fixture(scope="session")
def server(house, tmp_path_factory):
    """Address and token of a JupyterLab that knows nothing of this machine's settings and keeps none."""
    private = tmp_path_factory.mktemp("private")
    for name, setting in SETTINGS.items():
        write(private / "settings/@jupyterlab" / f"{name}.jupyterlab-settings", json.dumps(setting))
    write(
        private / "ipythondir/profile_default/startup/house.py",
        f"import pathlib, labcore.house\nlabcore.house.ROOT = pathlib.Path({str(house)!r})\n",
    )
    port, token = free_port(), secrets.token_hex(16)
    options = {
        "ServerApp.ip": "127.0.0.1", "ServerApp.port": port, "ServerApp.port_retries": 0,
        "IdentityProvider.token": token, "ServerApp.root_dir": house, "LabApp.news_url": None,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate", "LabApp.extension_manager": "readonly",
        "LabApp.user_settings_dir": private / "settings", "LabApp.workspaces_dir": private / "workspaces",
    }  # fmt: skip
    command = [sys.executable, "-c", JUPYTERLAB, "--no-browser", "--allow-root"]
    command += [f"--{name}={value}" for name, value in options.items()]
    env = os.environ | {name: str(private / name.lower()) for name in PRIVATE}
    with (private / "log").open("w") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=house)
        try:
            yield await_server(process, f"http://127.0.0.1:{port}", private / "log"), token
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="session")
def artefacts():
    """Where pictures of the pages are left; git ignores it."""
    ARTEFACTS.mkdir(exist_ok=True)
    return ARTEFACTS


def await_server(process, address, log, seconds=40):
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/api", timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return address
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        pytest.skip("needs Chromium: no chromium, chromium-browser or google-chrome on the PATH")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield chromium
        chromium.close()
