"""What a report cites, with BibTeX entries."""

from typing import NamedTuple


class Citation(NamedTuple):
    """One source: what it is cited for, how a person writes it, where it is, and its BibTeX entry."""

    purpose: str
    text: str
    url: str
    bibtex: str


_ORTEGA = Citation(
    "Meta-training by log loss is amortised Bayesian prediction: KL to Bayes is excess log loss",
    "Ortega et al. (2019), Meta-learning of sequential strategies",
    "https://arxiv.org/abs/1905.03030",
    """\
@article{ortega2019metalearning,
  title   = {Meta-learning of Sequential Strategies},
  author  = {Ortega, Pedro A. and Wang, Jane X. and Rowland, Mark and Genewein, Tim and Kurth-Nelson, Zeb and
             Pascanu, Razvan and Heess, Nicolas and Veness, Joel and Pritzel, Alex and Sprechmann, Pablo and
             Jayakumar, Siddhant M. and McGrath, Tom and Miller, Kevin and Azar, Mohammad and Osband, Ian and
             Rabinowitz, Neil and Gy{\\"o}rgy, Andr{\\'a}s and Chiappa, Silvia and Osindero, Simon and
             Teh, Yee Whye and van Hasselt, Hado and de Freitas, Nando and Botvinick, Matthew and Legg, Shane},
  journal = {arXiv preprint arXiv:1905.03030},
  year    = {2019}
}""",
)
MIKULIK = Citation(
    "Comparing meta-trained networks with Bayes-optimal agents",
    "Mikulik et al. (2020), Meta-trained agents implement Bayes-optimal agents",
    "https://arxiv.org/abs/2010.11223",
    """\
@inproceedings{mikulik2020metatrained,
  title     = {Meta-trained Agents Implement {Bayes}-optimal Agents},
  author    = {Mikulik, Vladimir and Del{\\'e}tang, Gr{\\'e}goire and McGrath, Tom and Genewein, Tim and
               Martic, Miljan and Legg, Shane and Ortega, Pedro A.},
  booktitle = {Advances in Neural Information Processing Systems},
  volume    = {33},
  year      = {2020},
  note      = {arXiv:2010.11223}
}""",
)
NUMPYRO = Citation(
    "The task distributions and their references",
    "Phan, Pradhan & Jankowiak (2019), NumPyro",
    "https://arxiv.org/abs/1912.11554",
    """\
@article{phan2019composable,
  title   = {Composable Effects for Flexible and Accelerated Probabilistic Programming in {NumPyro}},
  author  = {Phan, Du and Pradhan, Neeraj and Jankowiak, Martin},
  journal = {arXiv preprint arXiv:1912.11554},
  year    = {2019}
}""",
)
PYTORCH = Citation(
    "The networks",
    "Paszke et al. (2019), PyTorch",
    "https://arxiv.org/abs/1912.01703",
    """\
@inproceedings{paszke2019pytorch,
  title     = {{PyTorch}: An Imperative Style, High-Performance Deep Learning Library},
  author    = {Paszke, Adam and Gross, Sam and Massa, Francisco and Lerer, Adam and Bradbury, James and
               Chanan, Gregory and Killeen, Trevor and Lin, Zeming and Gimelshein, Natalia and Antiga, Luca and
               Desmaison, Alban and K{\\"o}pf, Andreas and Yang, Edward and DeVito, Zachary and Raison, Martin and
               Tejani, Alykhan and Chilamkurthy, Sasank and Steiner, Benoit and Fang, Lu and Bai, Junjie and
               Chintala, Soumith},
  booktitle = {Advances in Neural Information Processing Systems},
  volume    = {32},
  year      = {2019}
}""",
)
_GITTINS = Citation(
    "The Gittins policy: optimal for discounting without an end, a heuristic at a finite horizon",
    "Gittins (1979), Bandit processes and dynamic allocation indices",
    "https://doi.org/10.1111/j.2517-6161.1979.tb01068.x",
    """\
@article{gittins1979bandit,
  title   = {Bandit Processes and Dynamic Allocation Indices},
  author  = {Gittins, John C.},
  journal = {Journal of the Royal Statistical Society. Series B (Methodological)},
  volume  = {41},
  number  = {2},
  pages   = {148--177},
  year    = {1979}
}""",
)
_DUAN = Citation(
    "Meta-training recurrent networks by reinforcement learning, on bandits among others",
    "Duan et al. (2016), RL²: fast reinforcement learning via slow reinforcement learning",
    "https://arxiv.org/abs/1611.02779",
    """\
@article{duan2016rl2,
  title   = {{RL}$^2$: Fast Reinforcement Learning via Slow Reinforcement Learning},
  author  = {Duan, Yan and Schulman, John and Chen, Xi and Bartlett, Peter L. and Sutskever, Ilya and Abbeel, Pieter},
  journal = {arXiv preprint arXiv:1611.02779},
  year    = {2016}
}""",
)
_WANG = Citation(
    "The same idea, with bandits of independent and of dependent arms",
    "Wang et al. (2016), Learning to reinforcement learn",
    "https://arxiv.org/abs/1611.05763",
    """\
@article{wang2016learning,
  title   = {Learning to Reinforcement Learn},
  author  = {Wang, Jane X. and Kurth-Nelson, Zeb and Tirumala, Dhruva and Soyer, Hubert and Leibo, Joel Z. and
             Munos, R{\'e}mi and Blundell, Charles and Kumaran, Dharshan and Botvinick, Matt},
  journal = {arXiv preprint arXiv:1611.05763},
  year    = {2016}
}""",
)
_KAKADE = Citation(
    "The identity behind the shortfall: summed action gaps are lost rewards (performance difference lemma)",
    "Kakade & Langford (2002), Approximately optimal approximate reinforcement learning",
    "https://dl.acm.org/doi/10.5555/645531.656005",
    """\
@inproceedings{kakade2002approximately,
  title     = {Approximately Optimal Approximate Reinforcement Learning},
  author    = {Kakade, Sham and Langford, John},
  booktitle = {Proceedings of the Nineteenth International Conference on Machine Learning},
  pages     = {267--274},
  year      = {2002}
}""",
)
_THOMPSON = Citation(
    "Thompson sampling: each arm as often as it is probably the best",
    "Thompson (1933), On the likelihood that one unknown probability exceeds another",
    "https://doi.org/10.1093/biomet/25.3-4.285",
    """\
@article{thompson1933likelihood,
  title   = {On the Likelihood that One Unknown Probability Exceeds Another in View of the Evidence of Two Samples},
  author  = {Thompson, William R.},
  journal = {Biometrika},
  volume  = {25},
  number  = {3--4},
  pages   = {285--294},
  year    = {1933}
}""",
)
_RABINOWITZ = Citation(
    "The question, and the three families: learners learn in stages, meta-learners all at once",
    "Rabinowitz (2019), Meta-learners' learning dynamics are unlike learners'",
    "https://arxiv.org/abs/1905.01320",
    """\
@article{rabinowitz2019metalearners,
  title   = {Meta-learners' Learning Dynamics Are Unlike Learners'},
  author  = {Rabinowitz, Neil C.},
  journal = {arXiv preprint arXiv:1905.01320},
  year    = {2019}
}""",
)
_SAXE = Citation(
    "Deep linear networks learn singular modes one after another, strongest first",
    "Saxe, McClelland & Ganguli (2013), Exact solutions to the nonlinear dynamics of learning in deep linear networks",
    "https://arxiv.org/abs/1312.6120",
    """\
@article{saxe2013exact,
  title   = {Exact Solutions to the Nonlinear Dynamics of Learning in Deep Linear Neural Networks},
  author  = {Saxe, Andrew M. and McClelland, James L. and Ganguli, Surya},
  journal = {arXiv preprint arXiv:1312.6120},
  year    = {2013}
}""",
)
_RAHAMAN = Citation(
    "Networks learn low frequencies first: spectral bias",
    "Rahaman et al. (2018), On the spectral bias of neural networks",
    "https://arxiv.org/abs/1806.08734",
    """\
@article{rahaman2018spectral,
  title   = {On the Spectral Bias of Neural Networks},
  author  = {Rahaman, Nasim and Baratin, Aristide and Arpit, Devansh and Draxler, Felix and Lin, Min and
             Hamprecht, Fred A. and Bengio, Yoshua and Courville, Aaron},
  journal = {arXiv preprint arXiv:1806.08734},
  year    = {2018}
}""",
)
_XU = Citation(
    "The same in the frequency domain",
    "Xu, Zhang & Xiao (2018), Training behavior of deep neural network in frequency domain",
    "https://arxiv.org/abs/1807.01251",
    """\
@article{xu2018training,
  title   = {Training Behavior of Deep Neural Network in Frequency Domain},
  author  = {Xu, Zhi-Qin John and Zhang, Yaoyu and Xiao, Yanyang},
  journal = {arXiv preprint arXiv:1807.01251},
  year    = {2018}
}""",
)
_SCHAUL = Citation(
    "Policies learned from their own actions improve in one context at the cost of others: ray interference",
    "Schaul et al. (2019), Ray interference: a source of plateaus in deep reinforcement learning",
    "https://arxiv.org/abs/1904.11455",
    """\
@article{schaul2019ray,
  title   = {Ray Interference: a Source of Plateaus in Deep Reinforcement Learning},
  author  = {Schaul, Tom and Borsa, Diana and Modayil, Joseph and Pascanu, Razvan},
  journal = {arXiv preprint arXiv:1904.11455},
  year    = {2019}
}""",
)
_LANGE = Citation(
    "The question, the grid and the networks that are compared with: when to learn, and when to hard-code",
    "Lange & Sprekeler (2020), Learning not to learn: nature versus nurture in silico",
    "https://arxiv.org/abs/2010.04466",
    """\
@article{lange2020learning,
  title   = {Learning Not to Learn: Nature versus Nurture In Silico},
  author  = {Lange, Robert Tjarko and Sprekeler, Henning},
  journal = {arXiv preprint arXiv:2010.04466},
  year    = {2020}
}""",
)
_BRADT = Citation(
    "The optimum: one arm known, one unknown, and a rule when to stop",
    "Bradt, Johnson & Karlin (1956), On sequential designs for maximizing the sum of n observations",
    "https://doi.org/10.1214/aoms/1177728073",
    """\
@article{bradt1956sequential,
  title   = {On Sequential Designs for Maximizing the Sum of $n$ Observations},
  author  = {Bradt, R. N. and Johnson, S. M. and Karlin, S.},
  journal = {The Annals of Mathematical Statistics},
  volume  = {27},
  number  = {4},
  pages   = {1060--1074},
  year    = {1956}
}""",
)
_BELLMAN = Citation(
    "Its solution: backward induction on beliefs",
    "Bellman (1956), A problem in the sequential design of experiments",
    "https://www.jstor.org/stable/25048278",
    """\
@article{bellman1956problem,
  title   = {A Problem in the Sequential Design of Experiments},
  author  = {Bellman, Richard},
  journal = {Sankhy{\\=a}},
  volume  = {16},
  number  = {3/4},
  pages   = {221--229},
  year    = {1956}
}""",
)
_MAO = Citation(
    "Training with a critic that is told the task, which biases nothing",
    "Mao et al. (2018), Variance reduction for reinforcement learning in input-driven environments",
    "https://arxiv.org/abs/1807.02264",
    """\
@article{mao2018variance,
  title   = {Variance Reduction for Reinforcement Learning in Input-Driven Environments},
  author  = {Mao, Hongzi and Venkatakrishnan, Shaileshh Bojja and Schwarzkopf, Malte and Alizadeh, Mohammad},
  journal = {arXiv preprint arXiv:1807.02264},
  year    = {2018}
}""",
)

PREDICTION_CITATIONS = (_ORTEGA, MIKULIK, NUMPYRO, PYTORCH)
"""The sources that every comparison of predictions rests on."""

DECISION_CITATIONS = (_DUAN, _WANG, MIKULIK, _KAKADE, _GITTINS, _THOMPSON, NUMPYRO, PYTORCH)
"""The sources that every comparison of decisions rests on."""

ORDER_CITATIONS = (_RABINOWITZ, _SAXE, _RAHAMAN, _XU, _SCHAUL, _ORTEGA, NUMPYRO, PYTORCH)
"""The sources that every comparison of the order of learning rests on."""

FORAGING_CITATIONS = (_LANGE, _DUAN, _WANG, MIKULIK, _KAKADE, NUMPYRO, PYTORCH)
"""The sources that every comparison of foragers rests on."""

LIFETIME_CITATIONS = (_LANGE, _BRADT, _BELLMAN, _DUAN, _WANG, _MAO, MIKULIK, NUMPYRO, PYTORCH)
"""The sources that every map of fixed-arm bandits rests on."""
