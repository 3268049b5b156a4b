"""A web server over TLS whose clock is `ahead` seconds ahead: web_server.py CERTIFICATE KEY AHEAD MANNER LOG.

It prints its port once it listens, and writes a line for every request to LOG: the request, then the names of its headers.
"""

import email.utils
import http.server
import ssl
import sys
import time

certificate, key, ahead, manner, log = sys.argv[1:]


class Answer(http.server.BaseHTTPRequestHandler):
    # HTTP/1.0 closes the connection after each answer.
    protocol_version = "HTTP/1.0" if manner == "closing" else "HTTP/1.1"

    def date_time_string(self, timestamp=None):
        if manner == "malformed":
            return "soon"
        return email.utils.formatdate(time.time() + float(ahead), usegmt=True)

    def do_HEAD(self):
        with open(log, "a") as lines:
            lines.write(f"{self.requestline} {' '.join(self.headers)}\n")
        if manner == "dateless":
            self.send_response_only(200)
        elif manner == "redirecting":
            self.send_response(301)
            self.send_header("Location", "https://elsewhere.invalid/")
        else:
            self.send_response(200)
        if manner == "cached":
            self.send_header("Age", "3")
        if manner == "endless":
            self.send_header("X", "y" * 50000)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    # A client that refuses the certificate is what some tests are about.
    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Answer)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_address[1], flush=True)
server.serve_forever()
