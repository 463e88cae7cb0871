"""Links, and what happens when data cross them: transfers, paths, overlap with compute, pages on demand.

`link` is one link and one message, and paths of several links; `schedule` the four steps of a host-accelerator
exchange as intervals, in a row and overlapped; `paging` unified memory, whose pages migrate when they are touched.
"""
