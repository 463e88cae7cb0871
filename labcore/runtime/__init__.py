"""An accelerator's runtime in simulated time: streams, copies, memory, kernels chosen by shape, and what is late.

`streams` runs commands of several streams on the engines of a device; `memory`, `caching` and `churn` are pools and
what long use does to them; `tiles` are kernels by shape; `requests`, `work` and `plans` serve a trace of requests under
a plan made before or at run time; `tenants` share one engine; `thermal` is a chip that slows down when it is hot;
`queueing` has the closed forms. Every run gives a `Timeline` of events, to draw and to ask.
"""
