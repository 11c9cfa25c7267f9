"""The reproduction of Rabinowitz 2019: a comparison of orders of learning, with the paper's claims."""

import dataclasses

from comparisons.order.kind import KIND as ORDER
from comparisons.reproductions.rabinowitz_2019 import measures
from comparisons.reproductions.rabinowitz_2019.claims import all_claims
from comparisons.reproductions.rabinowitz_2019.paper import QUESTION
from comparisons.tree import REPRODUCTION

KIND = dataclasses.replace(
    ORDER,
    schema=REPRODUCTION,
    question=lambda tree: QUESTION,
    sections=(*ORDER.sections, *measures.SECTIONS),
    claims=lambda tree, table: all_claims(),
)
