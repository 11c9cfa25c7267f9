"""Settings hold Python numbers, whatever they were given as."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from metalearners.actor_critic_configs import ActorCriticConfig
from metalearners.configs import ClippedSurrogate, LSTMConfig, TrainingConfig
from metalearners.learner_configs import SGD, MLPConfig
from metalearners.schedules import Constant, Linear

EQUAL = [
    (LSTMConfig(16), lambda: LSTMConfig(np.int64(16))),
    (LSTMConfig(16), lambda: LSTMConfig(torch.tensor(16))),
    (LSTMConfig(16), lambda: LSTMConfig(16.0)),
    (TrainingConfig(learning_rate=1.0), lambda: TrainingConfig(learning_rate=1)),
    (TrainingConfig(learning_rate=0.5), lambda: TrainingConfig(learning_rate=np.float32(0.5))),
    (TrainingConfig(is_mixed_precision=True), lambda: TrainingConfig(is_mixed_precision=np.True_)),
    (MLPConfig(hidden_sizes=(8, 8)), lambda: MLPConfig(hidden_sizes=np.array([8, 8]))),
    (MLPConfig(hidden_sizes=(8, 8)), lambda: MLPConfig(hidden_sizes=[8, np.int8(8)])),
    (Constant(1.0), lambda: Constant(np.int32(1))),
    (Linear(0.0, 1.0, 1.0), lambda: Linear(0, np.array(1), 1)),
    (ActorCriticConfig(reward_unit=2.0), lambda: ActorCriticConfig(reward_unit=np.longdouble(2))),
]


@pytest.mark.parametrize(("settings", "make"), EQUAL, ids=[repr(settings)[:60] for settings, _ in EQUAL])
def test_equal_values_make_equal_settings(settings, make, without_shape_checker):
    same = make()
    assert same == settings and repr(same) == repr(settings) and hash(same) == hash(settings)
    assert replace(same) == settings


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LSTMConfig(0), "LSTMConfig: hidden_size must be an integer of at least 1; got 0"),
        (lambda: LSTMConfig(2.5), "got 2.5"),
        (lambda: LSTMConfig(True), "got True"),
        (lambda: LSTMConfig("16"), "got '16'"),
        (lambda: LSTMConfig(np.array([16])), "got array"),
        (lambda: LSTMConfig(10**30), "got 1000"),
        (lambda: LSTMConfig(float("nan")), "got nan"),
        (lambda: TrainingConfig(learning_rate="0.1"), r"learning_rate must be in \(0, inf\); got '0.1'"),
        (lambda: TrainingConfig(learning_rate=float("inf")), "got inf"),
        (lambda: TrainingConfig(learning_rate=10**400), "got 1000"),
        (lambda: TrainingConfig(num_checkpoints=10**9), "num_checkpoints must be an integer from 1 to 100000"),
        (lambda: TrainingConfig(is_mixed_precision=1), "is_mixed_precision must be True or False; got 1"),
        (lambda: MLPConfig(hidden_sizes=8), "hidden_sizes must be a tuple of integers of at least 1; got 8"),
        (lambda: MLPConfig(hidden_sizes="88"), "got '88'"),
        (lambda: MLPConfig(hidden_sizes=()), "at least one integer"),
        (lambda: SGD(None), "got None"),
        (lambda: Constant(float("nan")), "Constant: value must be a finite number; got nan"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_settings_cannot_be_is_refused_in_one_line(make, message, without_shape_checker):
    with pytest.raises(ValueError, match=message) as error:
        make()
    assert "\n" not in str(error.value)


def test_an_infinite_end_of_an_interval_may_be_used():
    assert ClippedSurrogate(clip=float("inf")).clip == float("inf")
