"""Who may see what of the board, decided in one place.

`guard` asks the `Login` who a request is from and looks up the rule of its route (`routes.py`); `decide` says whether
that visitor may. Behind the handlers `VeiledData` leaves out what its visitor may not see, so that pages, CSV and API
need not think of it, and none can forget.
"""

from bewithu.board.access.login import Login, OpenLogin
from bewithu.board.access.visitor import Grant, Role, Visitor, decide

__all__ = ["Grant", "Login", "OpenLogin", "Role", "Visitor", "decide"]
