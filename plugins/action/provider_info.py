# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.wombat.erlang.plugins.filter.table import table
from ansible_collections.wombat.erlang.plugins.plugin_utils import reconcile
from ansible_collections.wombat.erlang.plugins.plugin_utils.action import ControllerAction
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import registry
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Domain
from ansible_collections.wombat.erlang.plugins.plugin_utils.unsafe import unsafe


class ActionModule(ControllerAction):
    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        deployment = self.deployment()
        adapters = reconcile.open_providers(deployment)
        seen = reconcile.observe(adapters)
        providers = {}
        for name, adapter in adapters.items():
            providers[name] = {
                "driver": adapter.spec.driver,
                "labels": list(adapter.spec.labels),
                "available": name not in seen.unknown,
                "reason": seen.unknown.get(name, ""),
                "features": sorted(feature for feature, reason in adapter.features.items() if not reason),
                "unsupported": {feature: reason for feature, reason in sorted(adapter.features.items()) if reason},
                "domains": [profile(domain) for domain in seen.domains if domain.provider == name],
                "instances": sum(instance.provider == name for instance in seen.instances),
            }
        return {
            "changed": False,
            "providers": unsafe(providers),
            "supported_drivers": registry.supported(),
            "lines": unsafe(lines(providers, registry.supported())),
        }


def profile(domain: Domain) -> dict[str, t.Any]:
    """A domain's whole profile as data."""
    place = domain.geography
    return {
        "domain": domain.path,
        "region": domain.region,
        "zone": domain.zone,
        "country": place.country,
        "continent": place.continent,
        "city": place.city,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "labels": list(domain.labels),
        "sizes": [
            {"name": s.name, "vcpus": s.vcpus, "memory": s.memory, "disk": s.disk, "arch": s.arch, "price": s.price}
            for s in domain.sizes
        ],
        "images": list(domain.images),
        "quota": {
            scope: {key: {"limit": limit[key], "left": left[key]} for key in limit}
            for scope, limit, left in (
                ("domain", domain.limit, domain.quota),
                ("provider", domain.provider_limit, domain.provider_quota),
            )
        },
    }


def lines(providers: t.Mapping[str, t.Any], supported: t.Sequence[str]) -> list[str]:
    """All profiles as text: a table of the domains, then what each provider cannot do."""
    rows = []
    for name, provider in providers.items():
        for entry in provider["domains"]:
            place = ", ".join(entry[key] for key in ("city", "country", "continent") if entry[key])
            sizes = [f"{s['name']} ({s['vcpus']:g} vcpu, {s['memory']:g} MiB, {price_of(s)})" for s in entry["sizes"]]
            rows.append(
                {
                    "domain": entry["domain"],
                    "place": place or None,
                    "labels": entry["labels"],
                    "sizes": sizes,
                    "images": entry["images"],
                    "quota left": quota_of(entry["quota"]),
                }
            )
        if not provider["available"]:
            rows.append({"domain": f"{name}: {provider['reason']}"})
    text = table(rows, ["domain", "place", "labels", "quota left", "images", "sizes"])
    for name, provider in providers.items():
        for feature, reason in provider["unsupported"].items():
            text.append(f"{name} ({provider['driver']}) has no {feature}: {reason}")
    others = ", ".join(driver for driver in supported if driver not in registry.ADAPTERS)
    text.append(f"supported drivers: {', '.join(sorted(registry.ADAPTERS))}")
    return [*text, f"as far as libcloud's common methods go: {others}, and any driver class by its dotted path"]


def price_of(size: t.Mapping[str, t.Any]) -> str:
    return "price unknown" if size["price"] is None else f"{size['price']:g}/h"


def quota_of(quota: t.Mapping[str, t.Mapping[str, t.Mapping[str, float]]]) -> str:
    """What is left, the tighter of domain and provider: `2 of 2 instances`."""
    parts = []
    for key in ("instances", "vcpus", "memory"):
        limits = [scope[key] for scope in quota.values() if key in scope]
        if limits:
            tight = min(limits, key=lambda entry: entry["left"])
            parts.append(f"{tight['left']:g} of {tight['limit']:g} {key}")
    return ", ".join(parts) or "unlimited"
