# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where one driver serves all regions: instances, also in one that the file left, and images."""

from __future__ import annotations

import types

import pytest
from case import NAME, TAGS, opened
from cases import CASES, cloudstack, gce
from wire import Answer, Wire, lay

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import reading
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.catalogue import Place

SERVING_ALL = [case for case in CASES if case.driver in ("cloudstack", "digitalocean", "linode", "vultr")]


@pytest.mark.parametrize("case", SERVING_ALL, ids=lambda case: case.driver)
def test_they_are_told_where_they_are(case, tmp_path, monkeypatch):
    wire = Wire(case.book, case.writes, case.chapter)
    wire.answers += [*case.answers, *case.listed([{"name": NAME, "tags": TAGS}])]
    lay(wire, monkeypatch)
    every = opened(tmp_path, case.provider).locations("")
    others = sorted({place.region for place in every if isinstance(place, Place)} - {case.region})
    adapter = opened(tmp_path, case.provider, regions=others[:1] or ["elsewhere"])
    (instance,) = adapter.instances()
    assert (instance.region, instance.zone) == (case.region, case.zone)
    assert case.region not in adapter.regions()


def test_an_image_is_of_the_zone_and_asked_for_by_its_id(tmp_path, monkeypatch):
    """As CloudStack has it: a template is of a zone, or of all."""
    case = cloudstack.CASES[0]
    wire = Wire(case.book, case.writes)
    template = {"id": "t-1", "name": "debian", "created": "2024-03-01T12:34:56+0000", "ostypename": "Debian 12"}
    older = {**template, "id": "t-0", "created": "2023-03-01T12:34:56+0000"}
    reply = {"listtemplatesresponse": {"template": [template, older]}}
    wire.answers.append(Answer("GET", "/test/path", reply, params={"command": "listTemplates", "zoneid": "1"}))
    lay(wire, monkeypatch)
    image = {"name": "debian", "properties": {"os": "Debian 12"}}
    assert opened(tmp_path, case.provider, image=image).image("Sydney").id == "t-1"
    assert opened(tmp_path, case.provider, image={"id": "t-0"}).image("Sydney").id == "t-0"
    assert wire.sent[-1].params["id"] == "t-0"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label or case.driver)
def test_an_image_by_its_id(case, tmp_path, monkeypatch):
    wire = Wire(case.book, case.writes, case.chapter)
    wire.answers += case.answers
    lay(wire, monkeypatch)
    found = opened(tmp_path, case.provider).image(case.region)
    wanted = {"id": str(found.name if case.driver == "gce" else found.id)}
    if case.driver == "gce":
        wanted["properties"] = {"project": "debian-cloud"}
    again = opened(tmp_path, case.provider, image=wanted).image(case.region)
    assert (again.id, again.name) == (found.id, case.image)


def test_of_images_of_that_name_the_newest(tmp_path, monkeypatch):
    """By its date; where a cloud tells none, by the numbers in its name."""
    wire = Wire(gce.GCE.book)
    dates = {"debian-7-wheezy-b": "2025-03-01", "debian-7-wheezy-a": "2025-04-01", "debian-7-wheezy-c": "2024-05-01"}
    dated = [{**gce.IMAGE, "name": name, "creationTimestamp": f"{day}T00:00:00Z"} for name, day in dates.items()]
    path = "/compute/v1/projects/debian-cloud/global/images"
    wire.answers += [*gce.GCE.answers, Answer("GET", path, {"items": dated})]
    lay(wire, monkeypatch)
    assert opened(tmp_path, gce.GCE.provider).image("us-central1").name == "debian-7-wheezy-a"
    names = [types.SimpleNamespace(name=f"debian-12.{number}", extra={}) for number in (9, 11, 10)]
    assert max(names, key=reading.image_age).name == "debian-12.11"


def test_an_image_by_its_properties():
    """Glance has them beside what it tells of every image, or among its metadata."""
    image = types.SimpleNamespace(id="1", name="debian", extra={"min_disk": 2, "metadata": {"os_distro": "debian"}})
    assert reading.image_fits(image, {"properties": {"os_distro": "debian", "min_disk": 2}})
    assert not reading.image_fits(image, {"properties": {"os_distro": "debian", "min_disk": 3}})
    assert not reading.image_fits(image, {"properties": {"os_version": "12"}})
