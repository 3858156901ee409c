"""Which frames of a video to look at where not all can be: spread over its time, and cheap to decode."""

from itertools import groupby

import numpy as np

from heygem.media.frame_timing import source_indices
from heygem.media.timeline import Timeline


def choose_samples(timeline: Timeline, count: int, enough: int, most_decoded: int) -> list[list[int]]:
    """At most `count` source frames, ascending, in groups that each are decoded from one key frame.

    One for each equal part of the video's time that has a key frame. Where these are fewer than `enough`, also one for
    each other part: its middle, or what comes as near to that as decoding some `most_decoded` frames in all allows.
    """
    keys = np.searchsorted(timeline.times, timeline.key_times) if len(timeline.key_times) else np.zeros(1, np.int64)
    middles = [int((part + 0.5) * timeline.rate.frame_count / count) for part in range(count)]
    wanted = source_indices(timeline.times, timeline.time_base, timeline.rate, middles)
    after = np.searchsorted(keys, wanted, side="right")
    before, behind = keys[np.maximum(after - 1, 0)], keys[np.minimum(after, len(keys) - 1)]
    nearest = np.where(abs(behind - wanted) < abs(before - wanted), behind, before)
    is_near = abs(nearest - wanted) <= len(timeline.times) / (2 * count)
    chosen = np.unique(nearest[is_near])
    if len(chosen) < enough:
        reach = most_decoded // len(np.unique(before))
        chosen = np.unique(np.where(is_near, nearest, np.minimum(wanted, before + reach)))
    return [list(group) for _, group in groupby(chosen.tolist(), lambda frame: np.searchsorted(keys, frame, "right"))]
