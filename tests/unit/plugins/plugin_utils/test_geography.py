# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of regions: it knows what libcloud knows, and all lie on the right continent and in the right country."""

from __future__ import annotations

import json
import pathlib
import re

import libcloud
import pytest
from libcloud.compute.constants.ec2_region_details_complete import REGION_DETAILS
from libcloud.compute.drivers.azure_arm import AzureNodeDriver
from libcloud.pricing import get_pricing

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.geography import CONTINENT_OF, CONTINENTS, known
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.region_table import REGIONS

FIXTURES = pathlib.Path(libcloud.__file__).parent / "test" / "compute" / "fixtures"
# south, north, west, east
CONTINENT_BOXES = {
    "AF": (-35, 38, -18, 52),
    "AS": (-11, 78, 26, 180),
    "EU": (34, 72, -25, 60),
    "NA": (7, 84, -170, -50),
    "OC": (-48, 0, 110, 180),
    "SA": (-56, 13, -82, -34),
}
COUNTRY_BOXES = {
    "AE": (22, 27, 51, 57),
    "AT": (46, 50, 9, 18),
    "AU": (-44, -10, 112, 154),
    "BE": (49, 52, 2, 7),
    "BG": (41, 45, 22, 29),
    "BH": (25, 27, 50, 51),
    "BR": (-34, 6, -74, -34),
    "CA": (41, 84, -141, -52),
    "CH": (45, 48, 5, 11),
    "CL": (-56, -17, -76, -66),
    "CN": (18, 54, 73, 135),
    "DE": (47, 56, 5, 16),
    "DK": (54, 58, 8, 16),
    "ES": (35, 44, -10, 5),
    "FI": (59, 71, 20, 32),
    "FR": (41, 52, -5, 10),
    "GB": (49, 61, -9, 2),
    "HK": (22, 23, 113, 115),
    "HR": (42, 47, 13, 20),
    "ID": (-11, 6, 95, 141),
    "IE": (51, 56, -11, -5),
    "IL": (29, 34, 34, 36),
    "IN": (6, 36, 68, 98),
    "IT": (36, 48, 6, 19),
    "JP": (24, 46, 122, 146),
    "KR": (33, 39, 124, 132),
    "MX": (14, 33, -118, -86),
    "MY": (0, 8, 99, 120),
    "NL": (50, 54, 3, 8),
    "NO": (57, 72, 4, 32),
    "NZ": (-48, -34, 166, 179),
    "PL": (49, 55, 14, 25),
    "QA": (24, 27, 50, 52),
    "SA": (16, 33, 34, 56),
    "SE": (55, 70, 10, 25),
    "SG": (1, 2, 103, 105),
    "TH": (5, 21, 97, 106),
    "TW": (21, 26, 119, 123),
    "US": (18, 72, -180, -66),
    "ZA": (-35, -22, 16, 33),
}
EVERY = [(driver, region) for driver, table in REGIONS.items() for region in table]


def told(name):
    return json.loads((FIXTURES / name).read_text())


def gce_regions():
    """Those that libcloud knows prices of."""
    kinds = [kind for prices in get_pricing("compute", "gce_instances").values() for kind in prices.values()]
    return {region for kind in kinds for region in kind.get("on_demand", {})}


LIBCLOUD = {
    "azure_arm": lambda: {
        *AzureNodeDriver._location_to_country,
        *(region for prices in get_pricing("compute", "azure_linux").values() for region in prices),
    },
    "digitalocean": lambda: {one["slug"] for one in told("digitalocean_v2/list_locations.json")["regions"]},
    "ec2": lambda: set(REGION_DETAILS),
    "gce": gce_regions,
    "linode": lambda: {one["id"] for one in told("linode_v4/list_locations.json")["data"]},
    "outscale": lambda: {"eu-west-1", "eu-west-2", "us-east-2"},  # of its old API, those that had a place
    "vultr": lambda: {one["id"] for one in told("vultr_v2/list_locations.json")["regions"]},
}


@pytest.mark.parametrize("driver", LIBCLOUD)
def test_knows_what_libcloud_lists(driver):
    regions = LIBCLOUD[driver]()
    assert regions
    assert not regions - set(REGIONS[driver])


@pytest.mark.parametrize(("driver", "region"), EVERY)
def test_all_lie_where_they_should(driver, region):
    place = known(driver, region)
    assert place.continent == CONTINENT_OF[place.country]
    assert place.city
    for south, north, west, east in (CONTINENT_BOXES[place.continent], COUNTRY_BOXES[place.country]):
        assert south <= place.latitude <= north
        assert west <= place.longitude <= east


def test_a_city_is_in_one_place():
    seen = {}
    for driver, region in EVERY:
        place = known(driver, region)
        spot = (place.country, place.latitude, place.longitude)
        assert seen.setdefault((place.country, place.city), spot) == spot


def test_every_country_is_on_one_continent():
    countries = [country for countries in CONTINENTS.values() for country in countries.split()]
    assert len(countries) == len(set(countries)) == 250  # ISO 3166 has 249; XK is what all use for Kosovo
    assert all(re.fullmatch("[A-Z]{2}", country) for country in countries)
