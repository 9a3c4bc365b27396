"""Reads, checks and writes stamps and override tokens as docs/stamp.md says: the standard library only.

    python3 conformance/stamp.py conformance/stamp.json

checks itself against the test vectors. It shares no code with graylane, so that the document is tested too.
"""

import base64
import hashlib
import hmac
import json
import re
import sys

MEMBERS_LIMIT, BYTES_LIMIT, STAMP_LIMIT, LEEWAY = 64, 8192, 1024, 60
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"
SEAL = re.compile(r"([A-Za-z0-9_-]{1,16})\.(\d{1,11})\.([A-Za-z0-9_-]{43})", re.ASCII)
TAGS = re.compile(r"(?:%s=[A-Za-z0-9._~-]*(?:&|$))*" % NAME)


def decode(text):
    return re.sub(r"%([0-9A-Fa-f]{2})", lambda m: chr(int(m.group(1), 16)), text)


def mac(secret, lines):
    key = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
    digest = hmac.new(key, "\n".join(lines).encode("ascii"), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def members(header):
    """Our members (without `graylane.`), whether one came twice, and the other members as they came."""
    own, rest, repeated, seen = {}, [], False, 0
    for member in (part.strip() for part in header[:BYTES_LIMIT].split(",")):
        if member == "":
            continue
        seen += 1
        if seen > MEMBERS_LIMIT:
            break
        name = decode(re.split(r"[=;\s]", member, maxsplit=1)[0]).lower()
        if not name.startswith("graylane."):
            rest.append(member)
            continue
        value = member.partition("=")[2].partition(";")[0].strip()
        repeated = repeated or name[9:] in own
        own[name[9:]] = decode(value)
    return own, repeated, rest


def check_seal(purpose, fields, seal, keys, now):
    found = SEAL.fullmatch(seal)
    if not found:
        return "malformed"
    kid, expires, given = found.groups()
    if kid not in keys:
        return "unknown-key"
    if not hmac.compare_digest(given, mac(keys[kid], [purpose, kid, expires, *fields])):
        return "forged"
    return "valid" if now <= int(expires) + LEEWAY else "expired"


def open_stamp(header, keys, now):
    own, repeated, _ = members(header)
    if not own:
        return "none", None
    if repeated:
        return "repeated", None
    lane, tags = own.get("lane", ""), own.get("tags", "")
    if "gen" not in own or "sig" not in own:
        return "incomplete", None
    generation, seal = own["gen"], own["sig"]
    if len(lane) + len(generation) + len(tags) + len(seal) + 57 > STAMP_LIMIT:
        return "oversized", None
    if not (re.fullmatch("(?:%s)?" % NAME, lane) and re.fullmatch(r"[1-9][0-9]{0,15}", generation) and TAGS.fullmatch(tags)):
        return "malformed", None
    outcome = check_seal("graylane-stamp-1", [generation, lane, tags], seal, keys, now)
    if outcome != "valid":
        return outcome, None
    return "valid", {"lane": lane, "generation": int(generation), "tags": read_tags(tags)}


def write_stamp(lane, generation, tags, kid, secret, expires):
    text = write_tags(tags)
    seal = "%s.%d.%s" % (kid, expires, mac(secret, ["graylane-stamp-1", kid, str(expires), str(generation), lane, text]))
    return "graylane.lane=%s,graylane.gen=%d,graylane.tags=%s,graylane.sig=%s" % (lane, generation, text, seal)


def write_tags(tags):
    plain = re.compile(r"[^A-Za-z0-9._-]")
    value = lambda v: plain.sub(lambda m: "~%02X" % ord(m.group()), v.encode("utf-8").decode("latin-1"))
    return "&".join("%s=%s" % (name, value(v)) for name, v in tags)


def read_tags(text):
    pairs = [pair.partition("=") for pair in text.split("&") if pair]
    value = lambda v: re.sub("~([0-9A-Fa-f]{2})", lambda m: chr(int(m.group(1), 16)), v).encode("latin-1").decode("utf-8")
    return [[name, value(v)] for name, _, v in pairs]


def open_override(token, keys, now):
    found = re.fullmatch(r"([A-Za-z0-9_-]{1,16}\.\d{1,11}\.[A-Za-z0-9_-]{43})\.((?:%s)?)" % NAME, token, re.ASCII)
    if not found:
        return "malformed", None
    seal, lane = found.groups()
    outcome = check_seal("graylane-override-1", [lane], seal, keys, now)
    return outcome, lane if outcome == "valid" else None


def check(vectors):
    keys = {key["kid"]: key["secret"] for key in vectors["keys"]}
    now, wrong = vectors["nowSeconds"], []
    for case in vectors["written"]:
        made = write_stamp(case["lane"], case["generation"], case["tags"], case["kid"], keys[case["kid"]], case["expires"])
        if made != case["baggage"]:
            wrong.append((case["name"], made))
    for case in vectors["opened"]:
        outcome, stamp = open_stamp(case["baggage"], keys, case.get("nowSeconds", now))
        if outcome != case["outcome"] or (stamp is not None and stamp != case["stamp"]):
            wrong.append((case["name"], outcome, stamp))
        if "rest" in case and members(case["baggage"])[2] != case["rest"]:
            wrong.append((case["name"], members(case["baggage"])[2]))
    for case in vectors["overrides"]:
        outcome, lane = open_override(case["token"], keys, case.get("nowSeconds", now))
        if outcome != case["outcome"] or lane != case.get("lane"):
            wrong.append((case["name"], outcome, lane))
    return wrong


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        vectors = json.load(file)
    wrong = check(vectors)
    for case in wrong:
        print("differs:", *case)
    print("%d cases, %d differ" % (sum(len(vectors[part]) for part in ("written", "opened", "overrides")), len(wrong)))
    sys.exit(1 if wrong else 0)
