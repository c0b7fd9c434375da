"""SSRF by experiment: 48 attacks and 10,000 random spellings reach public addresses alone; without a guard, others."""

from ipaddress import IPv4Address, IPv4Network
from random import Random

import pytest

from bot.addresses import is_public
from bot.errors import FetchError
from bot.http_guard import Guard
from bot.urls import check_fetchable
from tests.ssrf_stage import ATTACKER, DEAD, DEAD_6, PUBLIC, Attack, leaking

SPELLINGS = {
    "loopback": "127.0.0.1", "trailing dot": "127.0.0.1.", "short": "127.1", "decimal": "2130706433",
    "octal": "0177.0.0.1", "hex": "0x7f000001", "hex parts": "0x7f.0.0.0x1", "zero": "0", "padded": "127.000.000.001",
    "full width": "１２７.０.０.１", "ideographic dots": "127。0。0。1", "circled": "①②⑦.⓪.⓪.①",
    "percent": "%31%32%37.0.0.1", "localhost": "localhost",
}  # fmt: skip
LITERALS = {
    "this network": "0.0.0.0", "private 10": "10.0.0.1", "private 172": "172.16.0.1", "private 192": "192.168.0.1",
    "metadata": "169.254.169.254", "carrier": "100.64.0.1", "protocol": "192.0.0.1", "6to4 relay": "192.88.99.1",
    "benchmark": "198.18.0.1", "multicast": "224.0.0.1", "broadcast": "255.255.255.255",
    "v6 loopback": "[::1]", "v6 any": "[::]", "mapped": "[::ffff:127.0.0.1]", "compatible": "[::127.0.0.1]",
    "NAT64": "[64:ff9b::7f00:1]", "6to4": "[2002:7f00:1::]", "Teredo": "[2001:0:5db8:d70e:0:0:80ff:fffe]",
    "link local": "[fe80::1]", "unique local": "[fd00::1]", "site local": "[fec0::1]", "v6 multicast": "[ff0e::1]",
}  # fmt: skip
ANSWERS = {
    "name to loopback": [("127.0.0.1",)],
    "name to metadata": [("169.254.169.254",)],
    "name to mapped": [("::ffff:10.0.0.1",)],
    "rebinding": [(PUBLIC,), ("127.0.0.1",)],
    "public dead, private alive": [(DEAD, "127.0.0.1")],
    "v6 dead, v4 private": [(DEAD_6, "10.0.0.1")],
    "v6 private, v4 dead": [("::1", DEAD)],
}


def named(label, answers):
    host = f"{label.replace(' ', '-').replace(',', '').lower()}.attacker.example"
    return Attack(label, f"http://{host}/", ((host, tuple(answers)),))


DIRECT = [Attack(name, f"http://{host}/") for name, host in {**SPELLINGS, **LITERALS}.items()]
DIRECT += [named(label, answers) for label, answers in ANSWERS.items()]
REDIRECTED = [
    Attack("literal", "http://127.0.0.1/").by_redirect(),
    Attack("bare", "//169.254.169.254/latest").by_redirect(307),
    Attack("mapped", "https://[::ffff:127.0.0.1]/").by_redirect(301),
    named("redirected name", [("10.0.0.1",)]).by_redirect(308),
    Attack("two hops", "http://10.0.0.1/").by_redirect().by_redirect(),
]
ATTACKS = DIRECT + REDIRECTED


def test_there_are_48_attacks_of_different_names():
    assert len(ATTACKS) == len({attack.name for attack in ATTACKS}) == 48


def test_48_attacks_connect_to_nothing_that_is_not_public():
    assert leaking(ATTACKS) == {}


def test_each_wall_holds_alone_and_a_filtering_resolver_is_none():
    counts = {guard: len(leaking(ATTACKS, guard)) for guard in ("connect alone", "address and resolver")}
    assert counts == {"connect alone": 0, "address and resolver": 0}
    leaks = {guard: leaking(ATTACKS, guard) for guard in ("none", "resolver alone")}
    without = {guard: len(found) for guard, found in leaks.items()}
    print(f"leaks of 48: {counts | without}")
    assert leaks["none"].keys() >= {*ANSWERS, *(attack.name for attack in REDIRECTED)}
    assert without["none"] >= 35  # the rest is refused by aiohttp itself
    assert without["resolver alone"] >= 15


def test_the_stage_sees_a_port_that_is_not_the_web_s():
    attacks = [Attack("port", f"http://{ATTACKER}:22/"), Attack("port", f"http://{ATTACKER}:8080/").by_redirect()]
    assert leaking(attacks) == {} == leaking(attacks, "connect alone")
    assert len(leaking(attacks, "none")) == 2


# Random spellings

PRIVATE = [
    IPv4Network(net)
    for net in ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
]
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
RINGED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")


def low(address):
    return f"{int(address) >> 16:x}:{int(address) & 0xFFFF:x}"


def parts(address):
    return str(address).split(".")


def name_for(number, *answers):
    host = f"n{number}.attacker.example"
    return host, ((host, answers),)


# 27 forms: a private address and a number give a host and what its names resolve to.
FORMS = [
    lambda a, n: (str(a), ()),
    lambda a, n: (f"{a}.", ()),
    lambda a, n: (str(int(a)), ()),
    lambda a, n: (hex(int(a)), ()),
    lambda a, n: (hex(int(a)).upper().replace("X", "x"), ()),
    lambda a, n: (f"0{int(a):o}", ()),
    lambda a, n: (".".join(f"0{int(p):o}" for p in parts(a)), ()),
    lambda a, n: (".".join(hex(int(p)) for p in parts(a)), ()),
    lambda a, n: (".".join(p.zfill(3) for p in parts(a)), ()),
    lambda a, n: (f"{parts(a)[0]}.{int(a) & 0xFFFFFF}", ()),
    lambda a, n: (f"{parts(a)[0]}.{parts(a)[1]}.{int(a) & 0xFFFF}", ()),
    lambda a, n: (f"0x{int(parts(a)[0]):x}.{int(a) & 0xFFFFFF}", ()),
    lambda a, n: (str(a).translate(WIDE), ()),
    lambda a, n: (str(a).translate(RINGED), ()),
    lambda a, n: (str(a).replace(".", "。"), ()),
    lambda a, n: ("".join(f"%{ord(c):02x}" for c in str(a)), ()),
    lambda a, n: (f"{PUBLIC}@{a}", ()),
    lambda a, n: (f"[::ffff:{a}]", ()),
    lambda a, n: (f"[0:0:0:0:0:FFFF:{low(a)}]", ()),
    lambda a, n: (f"[::{a}]", ()),
    lambda a, n: (f"[64:ff9b::{low(a)}]", ()),
    lambda a, n: (f"[2002:{low(a)}::1]", ()),
    lambda a, n: (f"[2001:0:5db8:d70e::{low(IPv4Address(int(a) ^ 0xFFFFFFFF))}]", ()),
    lambda a, n: (f"[fe80::5efe:{low(a)}]", ()),
    lambda a, n: name_for(n, (str(a),)),
    lambda a, n: name_for(n, (DEAD, f"::ffff:{a}")),
    lambda a, n: name_for(n, (PUBLIC,), (str(a),)),
]  # fmt: skip


def random_spellings(count):
    dice = Random(20260301)
    for number in range(count):
        net = dice.choice(PRIVATE)
        address = net[dice.randrange(net.num_addresses)]
        form = dice.randrange(len(FORMS))
        host, names = FORMS[form](address, number)
        attack = Attack(f"{number}: {host}", f"{dice.choice(('http', 'https'))}://{host}/{number}", names)
        yield attack.by_redirect(dice.choice((301, 302, 303, 307, 308))) if dice.random() < 0.5 else attack


def test_10000_random_spellings_connect_to_nothing_that_is_not_public():
    assert len(FORMS) == 27
    assert leaking(random_spellings(10_000)) == {}


def test_random_spellings_are_stopped_at_the_connect_alone_and_leak_without_a_guard():
    assert leaking(random_spellings(1_000), "connect alone") == {}
    without = {guard: len(leaking(random_spellings(1_000), guard)) for guard in ("none", "resolver alone")}
    print(f"leaks of the first 1,000 spellings: {without}")
    assert without["none"] >= 600
    assert without["resolver alone"] >= 200


# The list itself

SPECIAL = [
    "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.0",
    "127.255.255.255", "169.254.0.0", "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.255",
    "192.0.2.1", "192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.1",
    "203.0.113.1", "224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.255",
    "::", "::1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "::10.0.0.1", "::8.8.8.8", "64:ff9b::a00:1",
    "64:ff9b:1::808:808", "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:a00:1::",
    "2002:7f00:1::1", "3fff::1", "5f00::1", "fc00::1", "fdff::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
    "ff0e::1", "::ffff:127.0.0.1%1", "", "localhost", "127.1", "0x7f000001", "1.2.3.4.5", "::1]", "\x00",
]  # fmt: skip
GLOBAL = [
    "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
    "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
    "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1",
    "2001:4860:4860::8888", "2001:200::1",
]  # fmt: skip


@pytest.mark.parametrize("address", SPECIAL)
def test_what_is_special_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", GLOBAL)
def test_neighbours_of_special_ranges_are_public(address):
    assert is_public(address)


REFUSED = [
    "http://example.org:22/", "http://example.org:8080/", "http://example.org:0/", "http://example.org:99999/",
    "file:///etc/passwd", "ftp://example.org/", "http://u@example.org/", "http://u:p@example.org/", "http:/example.org",
    "http://exa\nmple.org/", "http://example.org/\x00", "http://printer/", "http://a.localhost/", "http://a.local/",
    "http://a.internal/", "http://" + "a" * 2050, "",
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_is_refused_by_its_looks(url):
    with pytest.raises(FetchError):
        check_fetchable(url)


@pytest.mark.parametrize(
    "url", ["http://example.org/", "https://example.org:443/a?b=c", "http://1.1.1.1/", "http://bücher.example/"]
)
def test_public_addresses_may_be_asked(url):
    check_fetchable(url)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"]
)
def test_the_next_cable_stays_shut_even_where_private_networks_are_open(address):
    assert not Guard(private=True).allows(address, 80)
    assert Guard(private=True).allows("192.168.1.5", 8080)
