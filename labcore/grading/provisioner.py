"""Kernels for jupyter_client that a zygote forks and confines.

jupyter_client finds `ConfinedProvisioner` under its entry point `labcore-confined`; `kernel_manager` makes the
manager of one such kernel. Messages travel over sockets in the kernel's own folder, since it has no network.
"""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Dict, Unicode

from labcore.grading.confinement import remove
from labcore.grading.limits import Limits
from labcore.grading.zygote import Order, connect, receive, send

MOST_MESSAGE = 64_000_000  # bytes of one message; what is larger never enters the grader's memory
REPLY_SECONDS = 30


class ConfinedProvisioner(KernelProvisionerBase):
    """Asks the zygote for a kernel and holds the connection on which the kernel's life hangs."""

    zygote = Unicode(help="path of the zygote's socket")
    level = Unicode(help="level of confinement")
    limits = Dict(help="fields of Limits")

    connection: socket.socket | None = None
    exit_code: int | None = None

    @property
    def has_process(self) -> bool:
        """Whether a kernel was started and not yet cleaned up."""
        return self.connection is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Write the connection file; nothing of a command line is needed."""
        self.parent.write_connection_file()
        self.connection_info = self.parent.get_connection_info()
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **_: Any) -> dict:
        """Have the kernel forked; raises the zygote's OSError where it cannot be confined."""
        file = Path(self.parent.connection_file)
        self.connection = connect(self.zygote)
        send(self.connection, Order(file.parent, file, self.level, Limits(**self.limits)))
        if isinstance(reply := receive(self.connection), BaseException):
            raise reply
        return self.connection_info

    async def poll(self) -> int | None:
        """The exit status of the kernel, None while it runs."""
        if self.exit_code is None and self.connection and select.select([self.connection], [], [], 0)[0]:
            self.exit_code = -signal.SIGKILL
            with contextlib.suppress(EOFError, OSError):
                self.exit_code = receive(self.connection)
        return self.exit_code

    async def wait(self) -> int | None:
        """Wait until the kernel has ended and nothing that it started is left."""
        if self.connection:
            self.connection.settimeout(REPLY_SECONDS)
            with contextlib.suppress(OSError):
                while self.connection.recv(1024):
                    pass
            self.connection.close()
            self.connection = None
        return self.exit_code or 0

    async def send_signal(self, signum: int) -> None:
        """End the kernel for every signal that ends; an interrupt goes as a message, not this way."""
        if signum in (signal.SIGTERM, signal.SIGKILL):
            await self.kill()

    async def kill(self, restart: bool = False) -> None:
        """End the kernel: whoever watches over it kills it when this side of the connection closes."""
        if self.connection:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_WR)

    async def terminate(self, restart: bool = False) -> None:
        """As `kill`: nothing in the kernel deserves a last word."""
        await self.kill()

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the kernel's folder."""
        remove(Path(self.parent.connection_file).parent)


class ConfinedSpecs(KernelSpecManager):
    """The one kernel specification there is: Python, forked by the zygote, whatever a notebook asks for."""

    metadata = Dict()

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The specification, for every name."""
        return KernelSpec(
            argv=["zygote"], display_name="Python", language="python", interrupt_mode="message", metadata=self.metadata
        )


def kernel_manager(zygote: str, level: str, limits: Limits) -> KernelManager:
    """The manager of one kernel that is not started yet."""
    folder = Path(tempfile.mkdtemp(prefix="k", dir=Path(zygote).parent))
    (folder / "work").mkdir()
    (folder / "failed").touch()  # for the last words of a kernel, which may make no file here
    provisioner = {"zygote": zygote, "level": level, "limits": asdict(limits)}
    metadata = {"kernel_provisioner": {"provisioner_name": "labcore-confined", "config": provisioner}}
    context = zmq.Context()
    context.setsockopt(zmq.MAXMSGSIZE, MOST_MESSAGE)
    return KernelManager(
        kernel_name="python3",
        kernel_spec_manager=ConfinedSpecs(metadata=metadata),
        transport="ipc",
        ip=str(folder / "s"),
        connection_file=str(folder / "c.json"),
        context=context,
    )
