"""The `ivy` dialect: framework-neutral array operations, between every frontend and every target."""

# ruff: noqa: F403
from mlgraph.dialects.ivy.airy import airy_ai as airy_ai
from mlgraph.dialects.ivy.bessel import bessel_j0 as bessel_j0
from mlgraph.dialects.ivy.bessel import bessel_j1 as bessel_j1
from mlgraph.dialects.ivy.bessel import bessel_k0e as bessel_k0e
from mlgraph.dialects.ivy.bessel import bessel_k1e as bessel_k1e
from mlgraph.dialects.ivy.bessel import bessel_y0 as bessel_y0
from mlgraph.dialects.ivy.bessel import bessel_y1 as bessel_y1
from mlgraph.dialects.ivy.bessel import spherical_bessel_j0 as spherical_bessel_j0
from mlgraph.dialects.ivy.channels_last import *
from mlgraph.dialects.ivy.control import CheckOp as CheckOp
from mlgraph.dialects.ivy.control import IfOp as IfOp
from mlgraph.dialects.ivy.control import ScanOp as ScanOp
from mlgraph.dialects.ivy.control import WhileOp as WhileOp
from mlgraph.dialects.ivy.control import YieldOp as YieldOp
from mlgraph.dialects.ivy.creation import *
from mlgraph.dialects.ivy.elementwise import *
from mlgraph.dialects.ivy.experts import grouped_matmul as grouped_matmul
from mlgraph.dialects.ivy.factorization import *
from mlgraph.dialects.ivy.fft import *
from mlgraph.dialects.ivy.floats import frexp as frexp
from mlgraph.dialects.ivy.indexing import *
from mlgraph.dialects.ivy.integers import bitwise_count as bitwise_count
from mlgraph.dialects.ivy.integers import gcd as gcd
from mlgraph.dialects.ivy.linalg import *
from mlgraph.dialects.ivy.manipulation import *
from mlgraph.dialects.ivy.nn import *
from mlgraph.dialects.ivy.normal import erfcx as erfcx
from mlgraph.dialects.ivy.normal import log_ndtr as log_ndtr
from mlgraph.dialects.ivy.normal import ndtri as ndtri
from mlgraph.dialects.ivy.normal import polygamma as polygamma
from mlgraph.dialects.ivy.orthogonal import orthogonal_polynomial as orthogonal_polynomial
from mlgraph.dialects.ivy.reduction import *
from mlgraph.dialects.ivy.sorting import *
from mlgraph.dialects.ivy.special import *
from mlgraph.dialects.ivy.special_rare import dawsn as dawsn
from mlgraph.dialects.ivy.special_rare import expi as expi
from mlgraph.dialects.ivy.special_rare import fresnel_cos as fresnel_cos
from mlgraph.dialects.ivy.special_rare import fresnel_sin as fresnel_sin
from mlgraph.dialects.ivy.special_rare import spence as spence
from mlgraph.dialects.ivy.strided import *
from mlgraph.dialects.ivy.table import IVY as IVY
