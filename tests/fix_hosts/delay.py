"""A path that takes its time: carries what is read to HOST PORT and back, each piece MILLISECONDS after it came."""

import os
import queue
import socket
import sys
import threading
import time

host, port, milliseconds = sys.argv[1:]
line = socket.create_connection((host, int(port)))
line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def carry(read, write):
    under_way = queue.Queue()

    def send_off():
        while True:
            piece = read()
            under_way.put((time.monotonic() + int(milliseconds) / 1000, piece))
            if not piece:
                return

    threading.Thread(target=send_off, daemon=True).start()
    while True:
        due, piece = under_way.get()
        time.sleep(max(0, due - time.monotonic()))
        if not piece:
            os._exit(0)
        write(piece)


def write_out(piece):
    while piece:
        piece = piece[os.write(1, piece):]


threading.Thread(target=carry, args=(lambda: os.read(0, 65536), line.sendall), daemon=True).start()
carry(lambda: line.recv(65536), write_out)
