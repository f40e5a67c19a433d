#!/usr/bin/env python3
"""A driver, or a charge point with its engine, by the framed protocol of docs/framed-protocol.md. Standard library only.

  framed_client.py driver HOST:PORT DRIVER_ID [CP_ID [SECONDS]]        asks for a charge, stops it after a while, waits for the ticket
  framed_client.py charge-point HOST:PORT CP_ID KEY [POWER_W]          is a charge point until Ctrl-C
"""
import functools, operator, select, signal, socket, sys, time

STX, ETX, EOT, ENQ, ACK, NAK = (bytes([code]) for code in (2, 3, 4, 5, 6, 0x15))


def encode(*fields):
    payload = "#".join(map(str, fields)).encode()
    return STX + payload + ETX + bytes([functools.reduce(operator.xor, payload, 0)])


def decode(received):
    """The first unit, its text, and the bytes after it; an empty unit when it has not wholly come."""
    unit, begin = received[:1], 2 if received[:1] == NAK else 1  # the reason of a NAK is a frame of its own
    if unit not in (STX, NAK):
        return unit, "", received[1:]
    end = received.find(ETX, begin)
    if not 0 <= end <= len(received) - 2:
        return b"", "", received
    return unit, received[begin:end].decode(), received[end + 2:]


class Conversation:
    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket, self.received, self.unanswered = socket.create_connection((host, int(port)), timeout=3), b"", [("ENQ",)]
        self.socket.sendall(ENQ)

    def say(self, *fields):
        self.unanswered.append(fields)
        self.socket.sendall(encode(*fields))

    def listen(self, take):
        """Has whatever comes in a tenth of a second taken, frame by frame; `take` returns why it does not want one."""
        if select.select([self.socket], [], [], 0.1)[0]:
            more = self.socket.recv(4096)
            self.received += more or EOT
        while self.received:
            unit, text, self.received = decode(self.received)
            if unit == STX:
                refusal = take(*text.split("#"))
                self.socket.sendall(NAK + encode(refusal) if refusal else ACK)
            elif unit == EOT:
                raise ConnectionError("the gateway has ended the conversation")
            elif unit in (ACK, NAK):
                said = self.unanswered.pop(0)  # answers come in the order of what was said
                if unit == NAK and said[0] in ("REG", "AUTH", "REQ"):
                    raise ConnectionError(f"{said[0]} was refused: {text}")
            elif not unit:
                return


def drive(address, driver_id, cp_id="", seconds="3"):
    conversation, told = Conversation(address), {}
    conversation.say("REQ", driver_id, cp_id)
    stop_at = None
    while not told.keys() & {"TICKET", "DENIED", "STATUS"}:
        conversation.listen(lambda word, *fields: told.update({word: fields}) or print(word, *fields, flush=True))
        if "START" in told and stop_at is None:
            stop_at = time.monotonic() + float(seconds)
        if stop_at and time.monotonic() >= stop_at:
            conversation.say("STOP", told["START"][0])
            stop_at = float("inf")
    conversation.socket.sendall(EOT)
    return 0 if "TICKET" in told else 1


class ChargePoint:
    def __init__(self, address, cp_id, key, power_w="22000"):
        self.address, self.cp_id, self.key, self.power_w = address, cp_id, key, int(power_w)
        self.session, self.ended, self.outbox, self.is_new, self.is_stopping = None, set(), [], True, False
        # A register never goes back, not even from run to run, and this one is not kept: it begins with 300,000 mWh for each second
        # since 1970, which grows faster than a charge point of 1 MW supplies.
        self.register = int(time.time()) * 300_000

    def take(self, word, *fields):
        is_new, self.is_new = self.is_new, False
        if word == "START" and fields[0] != self.session:
            if is_new or fields[0] in self.ended:  # what an earlier run supplied, this one can't tell
                return "SESSION_ENDED: it is not supplied here any more"
            self.end("STOPPED")  # the network gives one session at a time, so another is over
            self.session, self.limit, self.seq = fields[0], int(fields[2]), 0
            self.began_at, self.first_register = time.monotonic(), self.register
            self.read()
        elif word == "STOP" and fields[0] not in ("", self.session):
            self.outbox.append(("STOP", fields[0], "NOT_SUPPLYING"))
        elif word == "STOP":
            self.end("STOPPED")
        elif word in ("AVR", "RECOVERED"):  # an operator wants to see it break, and mend
            self.end("FAULT")
            self.outbox.append((word, *fields))

    def read(self):
        supplied = min(self.limit, int(self.power_w * (time.monotonic() - self.began_at) / 3.6))  # 3.6 Ws are a mWh
        self.register = self.first_register + supplied
        self.outbox.append(("TELEM", self.cp_id, self.session, self.seq, self.register, self.power_w))
        self.seq += 1
        return supplied

    def end(self, reason):
        if self.session:
            print(f"supplied {self.read()} mWh to {self.session}: {reason}", flush=True)
            self.outbox.append(("STOP", self.session, reason))
            self.ended.add(self.session)
            self.session = None

    def converse(self, conversation):
        conversation.say("REG", self.cp_id, "Python", "0.40")
        conversation.say("AUTH", self.cp_id, self.key)
        self.outbox, alive_at = [("RECOVERED", self.cp_id)] + self.outbox, 0
        while self.outbox or not self.is_stopping:
            conversation.listen(self.take)
            if self.is_stopping:
                self.end("STOPPED")
            if self.session and time.monotonic() >= self.began_at + self.seq and self.read() >= self.limit:
                self.end("LIMIT_REACHED")
            while self.outbox and not any(said[0] == "AUTH" for said in conversation.unanswered):
                conversation.say(*self.outbox.pop(0))
            if time.monotonic() > alive_at + 2:
                conversation.say("STATUS", self.cp_id, "CHARGING" if self.session else "AVAILABLE")
                alive_at = time.monotonic()
        conversation.socket.sendall(EOT)

    def run(self):
        for number in signal.SIGTERM, signal.SIGINT:
            signal.signal(number, lambda *_: setattr(self, "is_stopping", True))
        conversation = None
        while not self.is_stopping:
            try:
                conversation = Conversation(self.address)
                self.converse(conversation)
            except OSError as error:  # once it is back, it is told again what it should be doing, and says again what had no answer
                unanswered = conversation.unanswered if conversation else []
                self.outbox, conversation = [said for said in unanswered if said[0] in ("TELEM", "STOP")] + self.outbox, None
                print(f"no link: {error}; tried again in a second", flush=True)
                time.sleep(1)
        return 0


if __name__ == "__main__":
    roles = {"driver": drive, "charge-point": lambda *arguments: ChargePoint(*arguments).run()}
    if len(sys.argv) < 4 or sys.argv[1] not in roles:
        sys.exit(__doc__)
    try:
        sys.exit(roles[sys.argv[1]](*sys.argv[2:]))
    except OSError as error:
        sys.exit(f"failed: {error}")
