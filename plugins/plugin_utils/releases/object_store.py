# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A store in a cloud's object storage, by libcloud's storage API, whose objects and exceptions stop here."""

from __future__ import annotations

import fcntl
import json
import os
import re
import tempfile
import typing as t
from contextlib import contextmanager
from dataclasses import asdict

try:
    import requests
    from libcloud.common.exceptions import BaseHTTPError
    from libcloud.common.types import InvalidCredsError, LibcloudError
    from libcloud.storage.base import Container, Object, StorageDriver
    from libcloud.storage.providers import DRIVERS, get_driver
    from libcloud.storage.types import ContainerDoesNotExistError, ObjectDoesNotExistError
except ImportError:  # told when a store is opened
    pass

from ansible_collections.wombat.erlang.plugins.module_utils.archive import Archive
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.registry import LIBCLOUD_MISSING
from ansible_collections.wombat.erlang.plugins.plugin_utils.releases.signed_url import make_key, signed_url
from ansible_collections.wombat.erlang.plugins.plugin_utils.releases.store import Entry, refuse_another_build
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import suggestion

# For requests whose answer has no body, drivers tell no more than this.
_REFUSED = re.compile(r"\b(401|403)\b")


class ObjectStore:
    """Archives as objects `<name>-<version>.tar.gz`, each described, with its checksum, in a .json that appears last.

    Has the methods of DirectoryStore, but the path of an entry is the name of its object; and can give hosts a URL.
    """

    def __init__(
        self,
        driver: str,
        container: str,
        credentials: t.Mapping[str, t.Any],
        options: t.Mapping[str, t.Any],
        expiry: int = 900,
        cache: str = "",
    ) -> None:
        """Open a store; sends nothing, but to Google or Azure where one logs in first.

        :param driver: a libcloud storage driver's name, such as s3, openstack_swift, google_storage or azure_blobs.
        :param credentials: `key` and `secret`.
        :param options: what else the driver's class takes, such as region or host.
        :param expiry: seconds for which the URLs that hosts get are good.
        :param cache: a folder on the controller for what hosts cannot fetch themselves.
        """
        if LIBCLOUD_MISSING:
            raise WombatError(LIBCLOUD_MISSING)
        if driver not in DRIVERS:
            raise WombatError(f"store.driver cannot be '{driver}'; {suggestion(driver, DRIVERS)}")
        self.where = f"{driver}:{container}"
        self.container = container
        self.expiry = expiry
        self._cache = cache
        try:
            arguments = {"secret": None, **credentials, **options}
            with self._explained():
                self._driver: StorageDriver = get_driver(driver)(arguments.pop("key", None), **arguments)
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            # Its own text: what a driver raises later may hold what it was given.
            raise WombatError(
                f"store: the driver {driver} cannot be opened ({type(error).__name__}); see its class for "
                "what credentials and options it takes"
            ) from None

    def put(self, path: str, archive: Archive, force: bool = False) -> tuple[Entry, bool]:
        """Keep the archive at `path`, which `inspect` described; return its entry and whether the store changed."""
        entry = Entry(archive, f"{archive.name}-{archive.version}.tar.gz")
        if self.holds(archive, force):
            return entry, False
        with self._explained():
            container = self._open()
            self._remove(entry.path + ".json")
            self._driver.upload_object(path, container, entry.path, extra={"content_type": "application/gzip"})
            # A file, since drivers have errors of their own with streams: Swift's compares the checksum of nothing.
            with tempfile.NamedTemporaryFile("w", encoding="utf-8") as described:
                json.dump(asdict(archive), described)
                described.flush()
                self._driver.upload_object(
                    described.name, container, entry.path + ".json", extra={"content_type": "application/json"}
                )
        return entry, True

    def holds(self, archive: Archive, force: bool = False) -> bool:
        """Return whether the store holds this archive; raises WombatError for another build of it, unless `force`."""
        found = self._entry(f"{archive.name}-{archive.version}.tar.gz.json")
        if found and not force:
            refuse_another_build(f"{self.where}/{found.path}", found.archive, archive)
        return found is not None and found.archive.sha256 == archive.sha256

    def get(self, name: str, version: str) -> Entry:
        """Return the entry of a version; raises WombatError, naming the versions there are, when it is not here."""
        entry = self._entry(f"{name}-{version}.tar.gz.json")
        if entry is None:
            there = ", ".join(found.archive.version for found in self.list() if found.archive.name == name)
            raise WombatError(
                f"{self.where} holds no {name} {version} (of {name} it holds {there or 'nothing'}): put "
                "its archive there first."
            )
        return entry

    def list(self) -> t.Sequence[Entry]:
        """Return every entry, ordered by name and version."""
        with self._explained():
            try:
                objects = self._driver.list_container_objects(self._driver.get_container(self.container))
            except ContainerDoesNotExistError:
                return []
            names = [found.name for found in objects if found.name.endswith(".tar.gz.json")]
        entries = [entry for entry in map(self._entry, names) if entry]
        return sorted(entries, key=lambda entry: (entry.archive.name, entry.archive.version))

    def delete(self, name: str, version: str) -> bool:
        """Remove a version; return whether it was there."""
        path = f"{name}-{version}.tar.gz"
        with self._explained():
            described = self._remove(path + ".json")
            return self._remove(path) or described

    def url(self, name: str) -> str | None:
        """A signed URL by which a host can fetch an object for a while; None where the driver cannot sign one.

        It is a secret, like a password for this one archive. Nothing is sent, but to OpenStack Swift.
        """
        with self._explained():
            return signed_url(self._driver, self.container, name, self.expiry)

    def kept(self, name: str, sha256: str) -> str:
        """The path of an object on the controller, fetched when it is not there; others that want it too wait."""
        os.makedirs(self._cache, mode=0o755, exist_ok=True)
        path = os.path.join(self._cache, f"{sha256[:16]}-{name}")
        with open(os.path.join(self._cache, ".lock"), "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not os.path.exists(path):
                try:
                    with self._explained(), open(path + ".part", "wb") as file:
                        for block in self._driver.download_object_as_stream(self._object(name)):
                            file.write(block)
                except ObjectDoesNotExistError:
                    raise WombatError(f"{self.where} holds no {name}: put the archive there again.") from None
                os.replace(path + ".part", path)
        return path

    def _entry(self, name: str) -> Entry | None:
        """The entry that an object describes; None where it is missing."""
        try:
            with self._explained():
                text = b"".join(self._driver.download_object_as_stream(self._object(name)))
            return Entry(Archive(**json.loads(text)), name[: -len(".json")])
        except ObjectDoesNotExistError:
            return None
        except (ValueError, TypeError):
            raise WombatError(
                f"{self.where}/{name} does not describe an archive: remove it and put the archive there again."
            ) from None

    def _open(self) -> Container:
        """The container, made where it is missing, and able to sign URLs."""
        try:
            container = self._driver.get_container(self.container)
        except ContainerDoesNotExistError:
            container = self._driver.create_container(self.container)
        make_key(self._driver, self.container)
        return container

    def _remove(self, name: str) -> bool:
        try:
            return self._driver.delete_object(self._driver.get_object(self.container, name))
        except (ObjectDoesNotExistError, ContainerDoesNotExistError):
            return False

    def _object(self, name: str) -> Object:
        """An object as the driver knows it, without asking for it."""
        return Object(name, 0, "", {}, {}, Container(self.container, {}, self._driver), self._driver)

    @contextmanager
    def _explained(self) -> t.Iterator[None]:
        """Turn what goes wrong into a WombatError without the credentials, which URLs may hold."""
        try:
            yield
        except (ObjectDoesNotExistError, ContainerDoesNotExistError):
            raise
        except InvalidCredsError:
            raise self._refused() from None
        except requests.RequestException as error:
            raise WombatError(
                f"The store {self.where} cannot be reached ({type(error).__name__}): see to it and run again."
            ) from None
        except (LibcloudError, BaseHTTPError, OSError) as error:
            reason = str(getattr(error, "value", None) or error)[:300].strip()
            if _REFUSED.search(reason):
                raise self._refused() from None
            raise WombatError(f"The store {self.where} failed: {reason}.") from None

    def _refused(self) -> WombatError:
        return WombatError(
            f"The store {self.where} refuses the credentials: mend store.credentials, or the controller's clock."
        )
