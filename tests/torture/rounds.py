"""Rounds: load, a kill at a random moment, a new start, a look at everything."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.torture.clients import API, SHARED, TREE, Client
from tests.torture.inspection import Inspection, complaints
from tests.torture.ledger import THERE, Ledger, RepositoryFact
from tests.torture.process import ADMIN, PATIENCE, HubProcess

# When the hub is killed, and how often each is chosen.
PHASES = {"load": 8, "acknowledgement": 5, "start": 3, "recovery": 3, "stop": 3, "first start": 2}

_TOKEN_COMMAND = ("tokens", "create", "--user", ADMIN, "--scope", "admin", "--name", "torture", "--quiet")


@dataclass
class Round:
    """How one round went."""

    number: int
    phase: str
    kills: int = 0
    acknowledged: int = 0
    interrupted: int = 0
    seconds: float = 0.0
    findings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        verdict = f"{len(self.findings)} FINDINGS" if self.findings else "ok"
        counts = f"{self.acknowledged:3} acknowledged, {self.interrupted} cut off, {self.kills} kills"
        return f"round {self.number:3}  {self.phase:15}  {counts}, {self.seconds:5.1f} s  {verdict}"


class Torture:
    """One data folder and what clients know about it, over many rounds. `folder` is where everything is kept."""

    def __init__(self, folder: Path, seed: int, *, clients: int = 6) -> None:
        self.ledger = Ledger()
        self.rounds: list[Round] = []
        self._folder = folder
        self._data_dir = folder / "data"
        self._log = folder / "hub.log"
        self._seed = seed
        self._clients = clients
        self._hub: HubProcess | None = None
        self._token = ""
        self._start_seconds = 2.0  # as measured last: how fast a machine is decides what a kill meets

    def run(self, number: int) -> Round:
        """Run one round; the hub goes on running after it."""
        rng = random.Random(f"{self._seed}/{number}")  # noqa: S311  # to be repeated by seed
        result = Round(number, rng.choices([*PHASES], [*PHASES.values()])[0])
        began = time.monotonic()
        self.rounds.append(result)
        try:
            if result.phase == "first start":
                self._first_start(rng, result)
            else:
                self._round(rng, result)
        except (RuntimeError, httpx.HTTPError, subprocess.TimeoutExpired) as error:
            result.findings.append(f"{type(error).__name__}: {error}")
        result.seconds = time.monotonic() - began
        return result

    def close(self) -> None:
        """Stop the hub as an operator does."""
        if self._hub is not None:
            self._hub.ask_to_stop()
            self._hub.wait()
            self._hub = None

    def summary(self) -> str:
        """Figures over all rounds."""
        kills = Counter[str]()
        for result in self.rounds:
            kills[result.phase] += result.kills
        findings = sum(len(result.findings) for result in self.rounds)
        return "\n".join([
            f"{len(self.rounds)} rounds, {kills.total()} kills: " + ", ".join(f"{count} at {phase}" for phase, count in kills.most_common()),
            f"{self.ledger.acknowledged.total()} operations acknowledged: "
            + ", ".join(f"{count} {kind}" for kind, count in self.ledger.acknowledged.most_common()),
            f"{self.ledger.interrupted.total()} cut off by a kill: "
            + ", ".join(f"{count} {kind}" for kind, count in self.ledger.interrupted.most_common()),
            "refused: " + (", ".join(f"{count} {answer}" for answer, count in self.ledger.refused.most_common()) or "none"),
            f"{findings} findings",
        ])

    def _round(self, rng: random.Random, result: Round) -> None:
        before = self.ledger.acknowledged.total(), self.ledger.interrupted.total()
        hub = self._running()
        clients = self._load(hub, rng, result)
        self._kill_under_load(hub, rng, result, clients)
        if result.phase in {"start", "recovery"}:
            self._kill_again(rng, result)
        result.findings += self._inspect(rng)
        result.acknowledged = self.ledger.acknowledged.total() - before[0]
        result.interrupted = self.ledger.interrupted.total() - before[1]

    def _running(self) -> HubProcess:
        if self._hub is None:
            self._hub = HubProcess(self._data_dir, self._log)
            self._hub.wait_until_ready()
            self._start_seconds = self._hub.started_in
            if not self._token:
                self._prepare(self._hub)
        return self._hub

    def _prepare(self, hub: HubProcess) -> None:
        self._token = hub.command(*_TOKEN_COMMAND).strip()
        with httpx.Client(base_url=hub.url, headers={"Authorization": f"Bearer {self._token}"}, timeout=PATIENCE) as http:
            for path in SHARED:
                kind, _, name = path.split("/")
                http.post(TREE, json={"name": name, "type": kind.removesuffix("s"), "license": "mit"}).raise_for_status()
                self.ledger.certain[RepositoryFact(path)] = THERE

    def _load(self, hub: HubProcess, rng: random.Random, result: Round) -> list[Client]:
        work = self._folder / "clones"
        shutil.rmtree(work, ignore_errors=True)
        clients = []
        for number in range(self._clients):
            seed = random.Random(f"{self._seed}/{result.number}/{number}")  # noqa: S311  # to be repeated by seed
            folder = work / str(number)
            folder.mkdir(parents=True)
            clients.append(Client(number, hub.url, self._token, self.ledger, seed, folder))
        for client in clients:
            client.start()
        return clients

    def _kill_under_load(self, hub: HubProcess, rng: random.Random, result: Round, clients: list[Client]) -> None:
        if result.phase == "acknowledgement":
            self._await_acknowledgements(rng.randrange(1, 60))
        else:
            time.sleep(rng.uniform(0.2, 5))
        for client in clients:
            client.end()
        if result.phase == "stop":
            hub.ask_to_stop()
            time.sleep(rng.uniform(0, 1.5))
        hub.kill(descendants=rng.random() < 0.5)
        self._hub = None
        result.kills += 1
        for client in clients:
            client.join()
            result.findings += client.trouble

    def _await_acknowledgements(self, count: int) -> None:
        goal = self.ledger.acknowledged.total() + count
        with self.ledger.acknowledgement:
            self.ledger.acknowledgement.wait_for(lambda: self.ledger.acknowledged.total() >= goal, timeout=20)

    def _kill_again(self, rng: random.Random, result: Round) -> None:
        for _ in range(rng.randrange(1, 4)):
            hub = HubProcess(self._data_dir, self._log)
            if result.phase == "recovery":
                hub.wait_until_ready()
                time.sleep(rng.uniform(0, self._start_seconds))
            else:
                time.sleep(rng.uniform(0, 1.2 * self._start_seconds))
            hub.kill(descendants=rng.random() < 0.5)
            result.kills += 1

    def _inspect(self, rng: random.Random) -> list[str]:
        seen = self._log.stat().st_size
        inspection = Inspection(self._data_dir, self._running().url, self._token, self.ledger, rng)
        inspection.wait_for_jobs()
        inspection.check_disk()
        inspection.check_sign_in()
        inspection.findings += self.ledger.settle(inspection.observe())
        return inspection.findings + complaints(self._log, seen)

    def _first_start(self, rng: random.Random, result: Round) -> None:
        """Kill a hub whose folder did not exist before, in the middle of migrations and first files."""
        data_dir, log = self._folder / f"fresh-{result.number}", self._folder / f"fresh-{result.number}.log"
        for _ in range(rng.randrange(1, 4)):
            hub = HubProcess(data_dir, log)
            time.sleep(rng.uniform(0.1, 1.2) * self._start_seconds)
            hub.kill(descendants=True)
            result.kills += 1
        seen = log.stat().st_size
        hub = HubProcess(data_dir, log)
        try:
            result.findings += self._first_look(hub, data_dir, rng)
        finally:
            hub.ask_to_stop()
            hub.wait()
        result.findings += complaints(log, seen)
        if not result.findings:
            shutil.rmtree(data_dir)

    def _first_look(self, hub: HubProcess, data_dir: Path, rng: random.Random) -> list[str]:
        hub.wait_until_ready()
        token = hub.command(*_TOKEN_COMMAND).strip()
        inspection = Inspection(data_dir, hub.url, token, Ledger(), rng)
        inspection.check_sign_in()
        with httpx.Client(base_url=hub.url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE) as http:
            http.post(TREE, json={"name": "first", "type": "model", "license": "mit"}).raise_for_status()
            http.get(f"{API}/copilot/threads").raise_for_status()
        inspection.wait_for_jobs()
        inspection.check_disk()
        return inspection.findings


def torture(folder: Path, seed: int, rounds: int, report: Callable[[str], None]) -> bool:
    """Run `rounds` rounds below `folder`; True when nothing was found. `report` gets a line for each round, with its findings, and the summary."""
    run = Torture(folder, seed)
    try:
        for number in range(1, rounds + 1):
            result = run.run(number)
            report("\n".join([str(result), *(f"    {finding[:1500]}" for finding in result.findings[:12])]))
    finally:
        run.close()
    report(run.summary())
    return not any(result.findings for result in run.rounds)
