# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the regions of the public clouds are; a deployment file overrides it under `domains`."""

from __future__ import annotations

from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Geography
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.region_table import REGIONS

CONTINENTS = {
    "AF": ("ZA",),
    "AS": ("AE", "BH", "CN", "HK", "ID", "IL", "IN", "JP", "KR", "MY", "QA", "SA", "SG", "TH", "TW"),
    "EU": ("AT", "BE", "BG", "CH", "DE", "DK", "ES", "FI", "FR", "GB", "HR", "IE", "IT", "NL", "NO", "PL", "SE"),
    "NA": ("CA", "MX", "US"),
    "OC": ("AU", "NZ"),
    "SA": ("BR", "CL"),
}
CONTINENT_OF = {country: continent for continent, countries in CONTINENTS.items() for country in countries}


def known(driver: str, region: str) -> Geography:
    """Where a provider's region is, by its driver's name; all None for what the table does not know."""
    if region not in REGIONS.get(driver, {}):
        return Geography()
    country, city, latitude, longitude = REGIONS[driver][region]
    return Geography(country, CONTINENT_OF[country], city, latitude, longitude)
