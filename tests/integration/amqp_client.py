# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of RabbitMQ that the tests run inside the lab: publish or read ADDRESSES QUEUE NUMBER."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import pika

PUBLISHERS = 16


def connect(address):
    """A connection as the user that the tests add."""
    credentials = pika.PlainCredentials("probe", "probe")
    return pika.BlockingConnection(pika.ConnectionParameters(address, credentials=credentials))


def publish(addresses, queue, number):
    """Publish numbers to a quorum queue, and return how many RabbitMQ confirmed; an unconfirmed one raises."""
    with connect(addresses[0]) as connection:
        connection.channel().queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})

    def some(first):
        numbers = range(first, number, PUBLISHERS)
        with connect(addresses[first % len(addresses)]) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            for one in numbers:
                properties = pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent)
                channel.basic_publish("", queue, str(one).encode(), properties, mandatory=True)
        return len(numbers)

    with ThreadPoolExecutor(PUBLISHERS) as pool:
        return sum(pool.map(some, range(PUBLISHERS)))


def read(addresses, queue, number):
    """The distinct messages of a queue, in order, until there are so many or nothing comes; they stay in it."""
    with connect(addresses[0]) as connection:
        found = set()
        channel = connection.channel()
        channel.basic_qos(prefetch_count=number)  # otherwise a quorum queue keeps back all but 2,000
        # Not by the count that the queue tells, which is an old one for a while after its leader changed.
        for _method, _properties, body in channel.consume(queue, inactivity_timeout=30):
            if body is None:
                break
            found.add(int(body))
            if len(found) == number:
                break
        return sorted(found)


if __name__ == "__main__":
    verb, addresses, *more = sys.argv[1:]
    done = {"publish": publish, "read": read}[verb](addresses.split(","), more[0], *map(int, more[1:]))
    print(json.dumps(done))
