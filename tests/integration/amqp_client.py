# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of RabbitMQ that the tests run inside the lab: publish ADDRESSES QUEUE NUMBER, or read ADDRESSES QUEUE."""

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


def read(addresses, queue):
    """The distinct messages of a queue, in order; they stay in it."""
    with connect(addresses[0]) as connection:
        channel = connection.channel()
        waiting = channel.queue_declare(queue, passive=True).method.message_count
        found = []
        for _method, _properties, body in channel.consume(queue, inactivity_timeout=20):
            if body is None:
                break
            found.append(int(body))
            if len(found) == waiting:
                break
        return sorted(set(found))


if __name__ == "__main__":
    verb, addresses, *more = sys.argv[1:]
    done = {"publish": publish, "read": read}[verb](addresses.split(","), more[0], *map(int, more[1:]))
    print(json.dumps(done))
