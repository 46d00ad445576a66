# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one API: what everything above knows of a cloud, and the adapter that turns a libcloud driver into it.

libcloud's objects and exceptions stop here. An adapter for one cloud overrides what differs there and nothing else.
"""

from __future__ import annotations

import dataclasses
import threading
import typing as t

try:
    from libcloud.common.exceptions import BaseHTTPError
    from libcloud.common.types import InvalidCredsError, LibcloudError
except ImportError:  # said by the registry, once a provider is opened
    BaseHTTPError = InvalidCredsError = LibcloudError = Exception

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment, Geography, Provider

TAG = "wombat-"
# What a cloud's own words mean; codes first, then the texts seen in replies (libcloud has no types for them).
REFUSALS = (
    ("quota", ("quota", "limitexceeded", "limit exceeded", "toomany")),
    (
        "capacity",
        ("insufficientinstancecapacity", "insufficient capacity", "no valid host", "out of capacity", "capacity"),
    ),
    ("missing", ("notfound", "not found", "does not exist", "invalid image", "invalidamiid")),
)


@dataclasses.dataclass(frozen=True)
class Size:
    """A flavour of instance: memory in MiB, disk in GiB, price an hour (None: unknown)."""

    name: str
    vcpus: float
    memory: float
    disk: float
    price: float | None
    arch: str = "x86_64"


@dataclasses.dataclass(frozen=True)
class Domain:
    """A place where instances can be created, with its whole profile. `quota` is what is left of `limit`."""

    provider: str
    region: str
    zone: str
    geography: Geography
    labels: tuple[str, ...]
    features: tuple[str, ...]
    sizes: tuple[Size, ...]
    images: tuple[str, ...]
    limit: t.Mapping[str, float]
    quota: t.Mapping[str, float]
    provider_limit: t.Mapping[str, float]
    provider_quota: t.Mapping[str, float]

    @property
    def path(self) -> str:
        return f"{self.provider}/{self.region}/{self.zone}"

    def offers(self) -> list[dict[str, t.Any]]:
        """One offer a size, as `place` takes them."""
        place = self.geography
        return [
            {
                "provider": self.provider,
                "region": self.region,
                "zone": self.zone,
                "size": size.name,
                "vcpus": size.vcpus,
                "memory": size.memory,
                "disk": size.disk,
                "arch": size.arch,
                "price": size.price,
                "country": place.country,
                "continent": place.continent,
                "city": place.city,
                "latitude": place.latitude,
                "longitude": place.longitude,
                "labels": list(self.labels),
                "features": list(self.features),
                "quota": dict(self.quota),
                "provider_quota": dict(self.provider_quota),
            }
            for size in self.sizes
        ]


@dataclasses.dataclass(frozen=True)
class Instance:
    """A computing unit that exists and is ours.

    `state` is pending, running, stopped or error; `created` is in seconds since 1970, by the provider's clock; `slots`
    are the numbers of its nodes' slots.
    """

    name: str
    id: str
    provider: str
    region: str
    zone: str
    size: str
    state: str
    family: str
    run: str
    created: float
    slots: tuple[int, ...]
    address: str | None
    vars: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)

    @property
    def domain(self) -> str:
        return f"{self.provider}/{self.region}/{self.zone}"


@dataclasses.dataclass(frozen=True)
class Request:
    """An instance to be created.

    `token` is the same when one run tries again, so that a cloud that knows tokens creates one instance only.
    """

    name: str
    token: str
    family: str
    run: str
    provider: str
    region: str
    zone: str
    size: str
    nodes: int


class Refusal(WombatError):
    """A provider said no. `kind` decides how much of it leaves the offers.

    capacity: the size in the zone; quota: the region; missing: the region; credentials, outage: the provider.
    """

    def __init__(self, kind: str, text: str, provider: str, region: str = "", zone: str = "", size: str = "") -> None:
        scope = {
            "capacity": (provider, region, zone, size),
            "quota": (provider, region),
            "missing": (provider, region),
        }.get(kind, (provider,))
        self.kind = kind
        self.scope = tuple(part for part in scope if part)
        self.text = text
        super().__init__(f"provider {provider} refuses{' in ' + region if region else ''} ({kind}): {text}")

    def covers(self, offer: t.Mapping[str, t.Any]) -> bool:
        """Tell whether an offer (or anything with its keys) is within what was refused."""
        keys = ("provider", "region", "zone", "size")
        return all(offer[key] == value for key, value in zip(keys, self.scope, strict=False))


class Adapter:
    """A provider opened for one deployment.

    :param deployment: the deployment.
    :param name: the provider's name in it.
    :raises WombatError: when credentials or options are not what the driver takes.
    """

    features: t.ClassVar[t.Mapping[str, str]] = {}  # feature -> "" when there is, else why not

    def __init__(self, deployment: Deployment, name: str) -> None:
        self.deployment = deployment
        self.spec = deployment.providers[name]
        self.credentials, self.options = deployment.access(name)
        self._threads = threading.local()

    # What a cloud's own adapter gives.

    def connect(self, region: str) -> t.Any:
        """A new libcloud driver object for one region."""
        raise NotImplementedError

    def regions(self) -> tuple[str, ...]:
        raise NotImplementedError

    def domains(self) -> list[Domain]:
        raise NotImplementedError

    def instances(self) -> list[Instance]:
        """The instances that exist and carry this deployment's name and tags; terminated ones do not."""
        raise NotImplementedError

    def create(self, request: Request) -> Instance:
        raise NotImplementedError

    @staticmethod
    def connection(spec: Provider) -> dict[str, t.Any]:
        """How Ansible reaches the provider's hosts: variables of the provider's group."""
        variables: dict[str, t.Any] = {}
        for key, variable in (
            ("user", "ansible_user"),
            ("key_file", "ansible_ssh_private_key_file"),
            ("port", "ansible_port"),
        ):
            if key in spec.ssh:
                variables[variable] = spec.ssh[key]
        return variables

    # What all share.

    def driver(self, region: str) -> t.Any:
        """This thread's driver of a region: libcloud's objects must not be shared by threads."""
        drivers = self._threads.__dict__.setdefault("drivers", {})
        if region not in drivers:
            drivers[region] = self.connect(region)
        return drivers[region]

    def calling(self, call: t.Callable[[], t.Any], region: str = "", zone: str = "", size: str = "") -> t.Any:
        """Run a libcloud call; its failures become refusals, with the provider's words and without secrets."""
        try:
            return call()
        except WombatError:
            raise
        except InvalidCredsError as error:
            raise Refusal(
                "credentials", self.words(error) or "the credentials are not accepted", self.spec.name
            ) from None
        except (LibcloudError, BaseHTTPError, OSError) as error:
            text = self.words(error)
            raise Refusal(refusal_kind(error, text), text, self.spec.name, region, zone, size) from None

    def words(self, error: BaseException) -> str:
        """The provider's own words on one line, with the credentials taken out."""
        value = getattr(error, "value", None) or getattr(error, "message", None) or str(error) or type(error).__name__
        text = " ".join(str(value).split())
        for secret in texts_in(self.credentials):
            if len(secret) > 3:
                text = text.replace(secret, "***")
        return text

    def tags(self, request: Request) -> dict[str, str]:
        """The tags that, with the name, say who owns an instance (DESIGN section 5)."""
        return {
            TAG + "deployment": self.deployment.name,
            TAG + "family": request.family,
            TAG + "run": request.run,
            TAG + "nodes": str(request.nodes),
            TAG + "address": self.spec.address,
        }

    def owned(self, name: str, tags: t.Mapping[str, str]) -> bool:
        """Tell whether name and tags together say that an instance is this deployment's."""
        return (
            all(TAG + key in tags for key in ("family", "run"))
            and name.startswith(f"{self.deployment.name}-{tags[TAG + 'family']}-")
            and tags.get(TAG + "deployment") == self.deployment.name
            and str(tags.get(TAG + "nodes")).isdecimal()
        )

    def act(self, verb: str, instance: Instance) -> None:
        """Start, stop, reboot or destroy an instance; one that is gone counts as destroyed."""
        driver = self.driver(instance.region)

        def call() -> None:
            node = next((node for node in driver.list_nodes() if node.id == instance.id), None)
            if node is not None:
                getattr(driver, f"{verb}_node")(node)
            elif verb != "destroy":
                raise WombatError(f"instance {instance.name} is gone from {instance.domain}; deploy again")

        self.calling(call, instance.region, instance.zone, instance.size)

    def geography(self, region: str, zone: str) -> Geography:
        """What the file says of a zone, falling back on what it says of its region."""
        nothing = Geography()
        area = self.spec.domains.get(region, nothing)
        place = self.spec.domains.get(f"{region}/{zone}", nothing)
        merged = {}
        for field in dataclasses.fields(Geography):
            value = getattr(place, field.name)
            merged[field.name] = value if value not in (None, (), {}) else getattr(area, field.name)
        return Geography(**merged)


def texts_in(value: t.Any) -> t.Iterator[str]:
    """All texts in nested mappings and lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (t.Mapping, list)):
        for item in value.values() if isinstance(value, t.Mapping) else value:
            yield from texts_in(item)


def refusal_kind(error: BaseException, text: str) -> str:
    """What a provider's failure means: quota, capacity, missing, credentials or outage."""
    code = getattr(error, "code", None)
    if code in (401, 403) and not any(word in text.lower() for word in ("quota", "limit")):
        return "credentials"
    lowered = text.lower()
    for kind, words in REFUSALS:
        if any(word in lowered for word in words):
            return kind
    return "outage"


def left(limit: t.Mapping[str, float], used: t.Mapping[str, float]) -> dict[str, float]:
    """What a quota leaves: its limits less what is used, never below 0; what has no limit is not in it."""
    return {key: max(0, value - used.get(key, 0)) for key, value in limit.items()}
