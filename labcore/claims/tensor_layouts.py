"""Row-major and channel-major order: lines 1820 to 1865, and the question of set 6 about layouts."""
