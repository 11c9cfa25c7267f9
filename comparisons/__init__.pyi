from . import order as order
from .comparing import compare as compare
from .comparison import Comparison as Comparison
from .comparison import open_comparison as open_comparison
from .decisions.certificates import certify_decisions as certify_decisions
from .decisions.experiment import DecisionExperiment as DecisionExperiment
from .decisions.settings import DecisionEvaluationConfig as DecisionEvaluationConfig
from .foraging.experiment import ForagingExperiment as ForagingExperiment
from .lifetimes.experiment import GeneralistExperiment as GeneralistExperiment
from .lifetimes.experiment import SpecialistExperiment as SpecialistExperiment
from .order.experiments import ContextualOrderExperiment as ContextualOrderExperiment
from .order.experiments import FunctionOrderExperiment as FunctionOrderExperiment
from .order.experiments import LinearOrderExperiment as LinearOrderExperiment
from .order.settings import OrderEvaluationConfig as OrderEvaluationConfig
from .predictions.certificates import certify as certify
from .predictions.exchangeability import order_cost as order_cost
from .predictions.experiment import PredictionExperiment as PredictionExperiment
from .predictions.settings import EvaluationConfig as EvaluationConfig
from .seams.policies import agent_of as agent_of
from .seams.predictions import histogram_head as histogram_head
from .seams.predictions import predictor_of as predictor_of
from .seams.training import meta_train as meta_train
from .stages import run_experiment as run_experiment
from .statistics.divergences import kl_divergence as kl_divergence
from .user_code import NetworkContractError as NetworkContractError

__version__: str
