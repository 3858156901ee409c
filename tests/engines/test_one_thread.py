import pytest
import torch

from heygem.engines.one_thread import one_thread


def test_one_core_within_and_as_many_as_before_afterwards() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(ValueError, match="broken off"), one_thread():
            assert torch.get_num_threads() == 1
            raise ValueError("broken off")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
