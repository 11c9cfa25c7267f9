"""What a report cites, with BibTeX entries."""

from typing import NamedTuple


class Citation(NamedTuple):
    """One source: what it is cited for, how a person writes it, where it is, and its BibTeX entry."""

    purpose: str
    text: str
    url: str
    bibtex: str


CITATIONS = (
    Citation(
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
    ),
    Citation(
        "Comparing meta-trained networks with Bayes-optimal predictors",
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
    ),
    Citation(
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
    ),
    Citation(
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
    ),
)
"""The sources that every comparison of predictions rests on."""
