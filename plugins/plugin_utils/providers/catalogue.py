# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens a libcloud driver and reads what can be had of it: places, sizes, images, quotas.

Sizes, images and places are asked once a run; instances and quotas always anew.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import opening, reading
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import (
    Adapter,
    Domain,
    Instance,
    Refusal,
    Size,
    left,
)
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.transport import Pace, govern


@dataclasses.dataclass(frozen=True)
class Place:
    """A zone, with libcloud's location of it; None where the cloud has only one place."""

    region: str
    zone: str
    location: t.Any = None


class Catalogue(Adapter):
    """A libcloud driver, opened, and what can be had of it."""

    region_argument: t.ClassVar[str] = ""  # of the driver's constructor; "" where one driver serves all regions
    region_environment: t.ClassVar[tuple[str, ...]] = ()  # variables that name a region where the file names none
    environment: t.ClassVar[t.Mapping[str, tuple[str, ...]]] = {}  # constructor's argument -> variables of cloud tools
    one_network: t.ClassVar[bool] = False  # an instance is in one of its networks only: its private address is there
    needed: t.ClassVar[tuple[str, ...]] = ()  # what a driver cannot connect without; a|b: one of two

    def __init__(self, deployment: Deployment, name: str) -> None:
        super().__init__(deployment, name)
        self.driver_class = opening.driver_class(self.spec.driver, f"{deployment.file}: providers.{name}.driver")
        self.arguments = self.constructor_arguments()
        self.lacks = self.missing()
        self.pace = Pace(self.spec.rate, attempts=self.spec.attempts)
        self._known: dict[t.Any, t.Any] = {}
        opening.check(self)

    @property
    def keeps_tags(self) -> bool:
        """Whether tags say who owns an instance; else its name alone does."""
        return not self.lacks.get("tags")

    def missing(self) -> t.Mapping[str, str]:
        """What is not to be had of the driver: feature -> why."""
        return self.lacks

    # Connecting.

    def constructor_arguments(self) -> dict[str, t.Any]:
        """The arguments of the driver's constructor, but for the region."""
        return opening.arguments(self)

    def connect(self, region: str) -> t.Any:
        """A new driver object, under the provider's pace."""
        arguments = dict(self.arguments)
        if self.region_argument:
            arguments[self.region_argument] = region
        driver = self.calling(lambda: self.driver_class(**arguments), region)
        for connection in opening.connections(driver):
            govern(connection, self.pace, self.harmless)
        return driver

    def from_environment(self) -> dict[str, t.Any]:
        """The constructor's arguments that the environment gives, by the variables of the cloud's own tools."""
        return {name: opening.from_environment(variables) for name, variables in self.environment.items()}

    @staticmethod
    def harmless(method: str, params: t.Mapping[str, t.Any]) -> bool:
        """Tell whether a request may be sent twice."""
        return method in ("GET", "HEAD", "PUT", "DELETE")

    def scopes(self) -> tuple[str, ...]:
        """The regions that need a driver object each, or "" for one that serves all."""
        if not self.region_argument:
            return ("",)
        region = opening.from_environment(self.region_environment)
        return self.spec.regions or ((region,) if region else ())

    def scope(self, region: str) -> str:
        return region if self.region_argument else ""

    def in_scopes(self, ask: t.Callable[[str], list[t.Any]]) -> list[t.Any]:
        """Ask in all scopes at once; one list of all answers."""
        scopes = self.scopes()
        with concurrent.futures.ThreadPoolExecutor(max_workers=min(len(scopes), self.spec.parallel)) as pool:
            return [one for answers in pool.map(ask, scopes) for one in answers]

    def once(self, key: t.Any, ask: t.Callable[[], t.Any]) -> t.Any:
        """The answer to a question that stays the same through a run."""
        if key not in self._known:
            self._known[key] = ask()
        return self._known[key]

    # What can be had: places, sizes, images, quotas.

    def regions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(place.region for place in self.in_scopes(self.places)))

    def places(self, scope: str) -> list[Place]:
        """The zones where instances can be created."""
        return [one for one in self.locations(scope) if not self.spec.regions or one.region in self.spec.regions]

    def locations(self, scope: str) -> list[Place]:
        """The zones where instances may be: also where the file wants none any more."""

        def ask() -> list[Place]:
            driver = self.driver(scope)
            if not opening.overrides(driver, "list_locations"):
                return [Place(scope or "default", scope or "default")]
            return [self.place(scope, location) for location in self.calling(driver.list_locations, scope)]

        return self.once(("locations", scope), ask)

    def place(self, scope: str, location: t.Any) -> Place:
        """The place of a location: a region of its own, unless a region is what the driver was opened for."""
        name = reading.clean(location.name or location.id)
        return Place(scope or name, name, location)

    def sizes(self, place: Place) -> dict[str, tuple[Size, t.Any]]:
        """The sizes to be had in a place, by name, with libcloud's own."""

        def ask() -> dict[str, tuple[Size, t.Any]]:
            driver = self.driver(self.scope(place.region))
            sizes = self.calling(lambda: self.list_sizes(driver, place), place.region, place.zone)
            return {self.size_name(size): (self.size(size, place), size) for size in sizes}

        every = self.once(("sizes", place.region, place.zone), ask)
        return {name: both for name, both in every.items() if reading.matches(name, self.spec.sizes)}

    def list_sizes(self, driver: t.Any, place: Place) -> t.Sequence[t.Any]:
        """libcloud's sizes of a place."""
        return driver.list_sizes(place.location) if place.location is not None else driver.list_sizes()

    def size_name(self, size: t.Any) -> str:
        return reading.clean(size.name)

    def size(self, size: t.Any, place: Place) -> Size:
        return Size(
            name=self.size_name(size),
            vcpus=reading.vcpus(size),
            memory=float(size.ram or 0),
            disk=float(size.disk or 0),
            price=float(size.price) if size.price else None,  # a price of 0 is one that the driver does not know
            arch=reading.arch(size),
        )

    def image(self, region: str) -> t.Any:
        """The newest image of a region that is what the file asks for.

        :raises Refusal: when the region has none.
        """

        def ask() -> t.Any:
            driver = self.driver(self.scope(region))
            found = self.calling(lambda: self.list_images(driver, region), region)
            fitting = [image for image in found if self.fits(image)]
            if not fitting:
                wanted = ", ".join(f"{key} {value}" for key, value in self.spec.image.items() if value)
                raise Refusal("missing", f"there is no image with {wanted}", self.spec.name, region)
            return max(fitting, key=reading.image_age)

        return self.once(("image", region), ask)

    def fits(self, image: t.Any) -> bool:
        """Tell whether an image is what the file asks for."""
        return reading.image_fits(image, self.spec.image)

    def list_images(self, driver: t.Any, region: str) -> t.Sequence[t.Any]:
        """libcloud's images of a region, or only those that the file may mean."""
        if "id" in self.spec.image and opening.overrides(driver, "get_image"):
            return [driver.get_image(self.spec.image["id"])]
        return driver.list_images()

    def limits(self, scope: str) -> tuple[dict[str, float], dict[str, float]]:
        """The account's limits in a scope and what is left of them: instances, vcpus, memory (MiB)."""
        return {}, {}

    def domains(self) -> list[Domain]:
        return self.in_scopes(self.domains_in)

    def domains_in(self, scope: str) -> list[Domain]:
        limit, remaining = self.limits(scope)
        instances = self.instances_in(scope) if any(spec.quota for spec in self.spec.domains.values()) else []
        whole = len(self.scopes()) == 1  # else the account's limits are those of one region
        domains = []
        for place in self.places(scope):
            geography = self.geography(place.region, place.zone)
            sizes = {name: size for name, (size, _theirs) in self.sizes(place).items()}
            used = reading.used(
                [one for one in instances if (one.region, one.zone) == (place.region, place.zone)], sizes
            )
            quota = left(geography.quota, used)
            if not whole:
                quota = {**remaining, **{key: min(value, remaining.get(key, value)) for key, value in quota.items()}}
            domains.append(
                Domain(
                    provider=self.spec.name,
                    region=place.region,
                    zone=place.zone,
                    geography=geography,
                    labels=tuple(sorted({*self.spec.labels, *geography.labels})),
                    features=tuple(sorted(feature for feature, reason in self.features.items() if not reason)),
                    sizes=tuple(sizes.values()),
                    images=self.image_names(place.region),
                    limit=geography.quota if whole else {**limit, **geography.quota},
                    quota=quota,
                    provider_limit=limit if whole else {},
                    provider_quota=remaining if whole else {},
                )
            )
        return domains

    def image_names(self, region: str) -> tuple[str, ...]:
        """The image that instances in a region get; none where there is none."""
        try:
            return (str(self.image(region).name),)
        except Refusal as refusal:
            if refusal.kind != "missing":
                raise
            return ()

    def instances_in(self, scope: str) -> list[Instance]:
        """The instances of a scope that exist and are this deployment's."""
        raise NotImplementedError
