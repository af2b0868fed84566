"""Records of a backup are put back into the service itself.

A restore goes in passes until nothing is left to do: the account is read whole, what it has is
compared with what was kept (`plan`), and what is missing is written, parents first (`apply`).
Every write is recorded before it is sent and after it was answered (`record`). So after a kill, a
lost answer or an error of the service, the next pass finds in the account itself what was written,
and writes nothing twice. The last pass, which finds nothing to do, is the proof (`report`).
"""
