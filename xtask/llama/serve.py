"""llama.cpp's own server, on loopback: `serve.py WEIGHTS CONTEXT PORT`.

Prints its address, and ends with its standard input, so that it never outlives whoever started it.
"""

import os
import sys

import xllamacpp

weights, context, port = sys.argv[1:]
params = xllamacpp.CommonParams()
params.model.path = weights
params.n_ctx = int(context)
params.hostnames = ["127.0.0.1"]
params.port = int(port)
# So that another one can stand ready in its place before it is killed.
params.reuse_port = True
params.n_parallel = 1
params.cpuparams.n_threads = 1
params.use_jinja = True
params.endpoint_metrics = True
# What doesn't fit is refused, as llama-server does unless it is told otherwise.
params.ctx_shift = False
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
# Its destructor waits for connections that are still open.
os._exit(0)
