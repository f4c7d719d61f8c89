"""A mail server with TLS for one session at a time: tls_mail_server.py starttls|implicit CERTIFICATE KEY

Prints `PORT n` first, then each command it reads, marked `tls` or `plain`."""

import socket
import ssl
import sys

mode, certificate, key = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


def say(text):
    print(text, flush=True)


def serve(connection):
    secure = mode == "implicit"
    if secure:
        connection = context.wrap_socket(connection, server_side=True)
    lines = connection.makefile("rb")

    def answer(text):
        connection.sendall(text.encode() + b"\r\n")

    answer("220 stub")
    in_mail = False
    while raw := lines.readline():
        line = raw.decode().rstrip("\r\n")
        say(("tls " if secure else "plain ") + line)
        command = line.split(" ")[0].upper()
        if in_mail:
            if line == ".":
                in_mail = False
                answer("250 taken")
        elif command == "EHLO":
            answer("250-stub")
            answer("250 AUTH PLAIN" if secure else "250 STARTTLS")
        elif command == "STARTTLS":
            answer("220 go on")
            connection = context.wrap_socket(connection, server_side=True)
            lines = connection.makefile("rb")
            secure = True
        elif command == "AUTH":
            answer("235 welcome")
        elif command == "DATA":
            in_mail = True
            answer("354 go on")
        elif command == "QUIT":
            answer("221 bye")
            return
        else:
            answer("250 ok")


listener = socket.create_server(("127.0.0.1", 0))
say(f"PORT {listener.getsockname()[1]}")
while True:
    try:
        serve(listener.accept()[0])
    except (ssl.SSLError, OSError) as error:
        say(f"broken {error}")
