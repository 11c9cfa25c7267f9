"""What a report cites, with BibTeX entries."""

from comparisons.kind import Citation

ORTEGA = Citation(
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


DUAN = Citation(
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


WANG = Citation(
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


KAKADE = Citation(
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


LANGE = Citation(
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


MAO = Citation(
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
